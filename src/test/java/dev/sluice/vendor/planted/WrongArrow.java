package dev.sluice.vendor.planted;

import dev.sluice.relay.planted.TargetManager;
import reactor.core.publisher.Mono;

/** A class that does what the architecture forbids, for the test of that test. */
final class WrongArrow {
    private final TargetManager target = new TargetManager();

    Object waits() {
        return Mono.just(target).block();
    }
}
