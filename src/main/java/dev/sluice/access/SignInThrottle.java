package dev.sluice.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;

/**
 * Slows down guessing: so many failed sign-ins of one name, and of one address, in five minutes. Attempts are counted
 * before the password is looked at, so that many at once gain nothing; a right password clears its name's count.
 */
final class SignInThrottle {
    static final int PER_NAME = 10;
    static final int PER_ADDRESS = 30;
    static final Duration WINDOW = Duration.ofMinutes(5);
    /** Names and addresses remembered, some megabytes at most. A flood of made-up names only forgets the oldest. */
    private static final int REMEMBERED = 20_000;

    private record Attempts(long since, int count) {}

    private final Clock clock;
    private final Cache<Object, Attempts> counted =
            Caffeine.newBuilder().maximumSize(REMEMBERED).build();

    SignInThrottle(Clock clock) {
        this.clock = clock;
    }

    /** @throws Refusal when there were too many already */
    void attempt(String username, InetAddress address) {
        count(address, PER_ADDRESS);
        count(name(username), PER_NAME);
    }

    void succeeded(String username, InetAddress address) {
        counted.invalidate(name(username));
        counted.asMap()
                .computeIfPresent(
                        address, (key, attempts) -> new Attempts(attempts.since, Math.max(0, attempts.count - 1)));
    }

    private void count(Object key, int most) {
        long now = clock.millis();
        Attempts attempts = counted.asMap().compute(key, (same, before) -> {
            if (before == null || now - before.since >= WINDOW.toMillis()) {
                return new Attempts(now, 1);
            }
            return before.count > most ? before : new Attempts(before.since, before.count + 1);
        });
        if (attempts.count > most) {
            Duration wait = Duration.ofMillis(attempts.since + WINDOW.toMillis() - now);
            throw new Refusal(
                    Reason.RATE_LIMIT_EXCEEDED, "Too many failed sign-ins. Try again in a while.", null, wait);
        }
    }

    private static String name(String username) {
        return username.toLowerCase(Locale.ROOT);
    }
}
