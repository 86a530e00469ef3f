package dev.sluice.testing;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/** What may block on an event loop all the same, each with its reason. */
public final class AllowedBlocking implements BlockHoundIntegration {
    @Override
    public void applyTo(BlockHound.Builder builder) {
        // The first use of a class on an event loop reads it from its jar; once a class and a process.
        builder.allowBlockingCallsInside("java.lang.ClassLoader", "loadClass");
        // A service loaded on first use reads META-INF/services; once a service and a process.
        builder.allowBlockingCallsInside("java.util.ServiceLoader$LazyClassPathLookupIterator", "parse");
        // New secrets of the admin API come from the kernel's generator, which never waits once the system is up.
        builder.allowBlockingCallsInside("sun.security.provider.NativePRNG", "engineNextBytes");
        // Redis' client: a lock held for a few instructions. Refused in the middle, it would stay locked for good.
        builder.allowBlockingCallsInside("io.lettuce.core.protocol.SharedLock", "incrementWriters")
                .allowBlockingCallsInside("io.lettuce.core.protocol.SharedLock", "decrementWriters")
                .allowBlockingCallsInside("io.lettuce.core.protocol.SharedLock", "doExclusive");
        // A connection pool's first housekeeping is put on a list by a lock of a few instructions; once a pool, at the
        // first
        // calls to a vendor, when each event loop makes its own.
        builder.allowBlockingCallsInside("reactor.netty.resources.PoolMaintenanceScheduler", "schedule");
    }
}
