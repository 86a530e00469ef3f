package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.ScriptedVendor;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A bug, or no memory, in the middle of a call ends that call alone: what it held is free again, it is in the books once,
 * and the next one is served. The fault comes out of the clock, which a call asks at several moments.
 */
class BugsTest {
    /** A call looks at the clock no more often than that before its answer begins. */
    private static final int MOMENTS = 6;

    private static final FaultyClock CLOCK = new FaultyClock();
    private static Gateway gateway;
    private static ScriptedVendor vendor;

    /** Right, until it is told to fail; only for what runs on the event loops, where calls live. */
    private static final class FaultyClock extends Clock {
        private final AtomicInteger left = new AtomicInteger(-1);
        private volatile @Nullable Supplier<Throwable> fault;

        void failAt(int moment, Supplier<Throwable> with) {
            fault = with;
            left.set(moment);
        }

        boolean failed() {
            return left.getAndSet(-1) <= 0;
        }

        @Override
        public long millis() {
            boolean calls = Thread.currentThread().getName().startsWith("sluice-");
            if (calls && left.get() > 0 && left.decrementAndGet() == 0) {
                throw BugsTest.<RuntimeException>unchecked(fault.get());
            }
            return System.currentTimeMillis();
        }

        @Override
        public Instant instant() {
            return Instant.ofEpochMilli(millis());
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T unchecked(Throwable error) throws T {
        throw (T) error;
    }

    @BeforeAll
    static void start() {
        vendor = ScriptedVendor.start();
        vendor.alwaysAnswersChats();
        gateway = Gateway.startWith(CLOCK);
        gateway.channel(vendor, "{}");
        gateway.price("priced", "{\"usd_per_call\":0.01}");
    }

    @AfterAll
    static void stop() {
        gateway.close();
        vendor.close();
    }

    private static int status(NewToken token, boolean stream) {
        try {
            return gateway.call(
                            token.key(),
                            "{\"model\":\"priced\",\"stream\":" + stream
                                    + ",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}")
                    .status();
        } catch (UncheckedIOException e) {
            return 0; // its connection was closed
        }
    }

    private void endsAlone(Supplier<Throwable> fault) {
        int faults = 0;
        for (int moment = 1; moment <= MOMENTS; moment++) {
            boolean stream = moment % 2 == 0;
            NewToken token = gateway.token("{\"quota_usd\":0.01,\"limits\":{\"concurrency\":1}}");
            status(token, false); // the lease is there from now on
            gateway.api("PATCH", "/tokens/" + token.id(), "{\"quota_usd\":0.02}")
                    .expect(200);
            CLOCK.failAt(moment, fault);
            int status = status(token, stream);
            if (!CLOCK.failed()) {
                assertThat(status).isEqualTo(200);
                continue;
            }
            if (status == 200) {
                continue; // the fault came when the answer was whole already
            }
            faults++;
            assertThat(status).as("fault at moment " + moment).isIn(0, 500, 503);
            await("what it held is free again, fault at moment " + moment).until(() -> status(token, stream) == 200);
            assertThat(gateway.tokenNow(token.id()).path("used_usd").decimalValue())
                    .isEqualByComparingTo("0.02");
        }
        assertThat(faults).as("moments that a fault could be planted at").isGreaterThan(1);
        await("no call is open")
                .until(() -> gateway.bean(MeterRegistry.class)
                                .get("sluice.open.calls")
                                .gauge()
                                .value()
                        == 0);
        assertThat(gateway.api("GET", "/reconciliation", null)
                        .json()
                        .path("balanced")
                        .asBoolean())
                .isTrue();
    }

    @Test
    void aBug_endsItsCallAlone() {
        endsAlone(() -> new IllegalStateException("planted"));
    }

    @Test
    void noMemory_endsItsCallAlone() {
        endsAlone(() -> new OutOfMemoryError("planted"));
    }
}
