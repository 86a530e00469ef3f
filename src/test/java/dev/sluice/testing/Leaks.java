package dev.sluice.testing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The buffers that were dropped without a release. Netty notices one only after its object was collected and while it
 * makes the next buffer, so asking means a collection and a few allocations. Needs
 * {@code -Dio.netty.leakDetection.level=paranoid}: at lower levels most buffers are not watched.
 */
final class Leaks {
    private static final Queue<String> FOUND = new ConcurrentLinkedQueue<>();

    static {
        ByteBufUtil.setLeakListener((resource, records) -> FOUND.add(resource + records));
    }

    private Leaks() {}

    /** Starts to listen; more than once does no harm. */
    static void watch() {
        // The class is loaded: that was it.
    }

    /** What leaked since the last question. */
    static List<String> collect() {
        for (int round = 0; round < 3; round++) {
            System.gc();
            // The collector queues what it cleared a moment after it has returned.
            java.util.concurrent.locks.LockSupport.parkNanos(10_000_000);
            for (ByteBufAllocator allocator : List.of(ByteBufAllocator.DEFAULT)) {
                ByteBuf buffer = allocator.directBuffer(16);
                buffer.release();
            }
        }
        List<String> leaks = new ArrayList<>();
        for (String leak = FOUND.poll(); leak != null; leak = FOUND.poll()) {
            leaks.add(leak);
        }
        return leaks;
    }
}
