package dev.sluice.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.wire.Refusal;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class GuessThrottleTest {
    private final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-11-24T12:00:00Z"));
    private final GuessThrottle throttle = new GuessThrottle(new MovedClock(now), "Too many.");

    /** Stands still until it is moved. */
    private static final class MovedClock extends Clock {
        private final AtomicReference<Instant> now;

        MovedClock(AtomicReference<Instant> now) {
            this.now = now;
        }

        @Override
        public Instant instant() {
            return now.get();
        }

        @Override
        public ZoneOffset getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(java.time.ZoneId zone) {
            return this;
        }
    }

    private static InetAddress address(int last) throws Exception {
        return InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) last});
    }

    @Test
    void slowsDownGuessingOfOneName_fromWhereverItComes() throws Exception {
        for (int i = 0; i < GuessThrottle.PER_NAME; i++) {
            throttle.attempt("root", address(i));
        }
        Refusal refusal = catchThrowableOfType(Refusal.class, () -> throttle.attempt("ROOT", address(99)));
        assertThat(refusal.reason().status).isEqualTo(429);
        assertThat(refusal.retryAfter()).isEqualTo(GuessThrottle.WINDOW);
        assertThatCode(() -> throttle.attempt("other", address(99))).doesNotThrowAnyException();
    }

    @Test
    void slowsDownGuessingFromOneAddress_whateverTheName() throws Exception {
        for (int i = 0; i < GuessThrottle.PER_ADDRESS; i++) {
            throttle.attempt("name" + i, address(1));
        }
        assertThat(catchThrowableOfType(Refusal.class, () -> throttle.attempt("root", address(1))))
                .isNotNull();
    }

    @Test
    void countsTheAddressesOfOneIpv6Subscriber_asOne() throws Exception {
        for (int i = 0; i < GuessThrottle.PER_ADDRESS; i++) {
            throttle.attempt("name" + i, InetAddress.getByName("2001:db8:0:1::" + Integer.toHexString(i + 1)));
        }
        InetAddress theirs = InetAddress.getByName("2001:db8:0:1:ffff::1");
        InetAddress neighbours = InetAddress.getByName("2001:db8:0:2::1");
        assertThat(catchThrowableOfType(Refusal.class, () -> throttle.attempt("root", theirs)))
                .isNotNull();
        assertThatCode(() -> throttle.attempt("root", neighbours)).doesNotThrowAnyException();
    }

    @Test
    void letsInAgainAfterTheWindow() throws Exception {
        for (int i = 0; i <= GuessThrottle.PER_NAME; i++) {
            try {
                throttle.attempt("root", address(i));
            } catch (Refusal expected) {
                now.updateAndGet(time -> time.plus(GuessThrottle.WINDOW).plus(Duration.ofMillis(1)));
            }
        }
        assertThatCode(() -> throttle.attempt("root", address(1))).doesNotThrowAnyException();
    }

    @Test
    void forgetsTheFailuresOfWhoGetsItRight() throws Exception {
        for (int i = 0; i < 5 * GuessThrottle.PER_ADDRESS; i++) {
            throttle.attempt("root", address(1));
            throttle.succeeded("root", address(1));
        }
    }
}
