package dev.sluice.relay;

import java.util.function.Supplier;

/**
 * A step of a call whose lack of memory is that call's own failure. Reactor lets a {@link VirtualMachineError} fly past
 * every operator, and with them past the call's end, so that its hold would stay taken; as an ordinary error it ends
 * the call like any other bug.
 */
final class Contained {
    private Contained() {}

    static <T> T step(Supplier<T> step) {
        try {
            return step.get();
        } catch (VirtualMachineError error) {
            throw new IllegalStateException("no memory for a call", error);
        }
    }

    static void run(Runnable step) {
        try {
            step.run();
        } catch (VirtualMachineError error) {
            throw new IllegalStateException("no memory for a call", error);
        }
    }
}
