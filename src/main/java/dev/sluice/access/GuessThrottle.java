package dev.sluice.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Slows down guessing of secrets: so many failures of one name, and of one {@linkplain ClientAddress#counted address}, in five minutes. What can be guessed
 * is counted by {@link #attempt} before it is looked at, so that many at once gain nothing; a right guess clears its
 * name's count. What cannot be guessed is looked at after {@link #check}, and only failures are counted.
 */
public final class GuessThrottle {
    static final int PER_NAME = 10;
    static final int PER_ADDRESS = 30;
    static final Duration WINDOW = Duration.ofMinutes(5);
    /** Names and addresses remembered, some megabytes at most. A flood of made-up names only forgets the oldest. */
    private static final int REMEMBERED = 20_000;

    private record Attempts(long since, int count) {}

    private final Clock clock;
    private final String refusal;
    private final Cache<Object, Attempts> counted =
            Caffeine.newBuilder().maximumSize(REMEMBERED).build();

    /** @param refusal what whoever guessed too often is told */
    public GuessThrottle(Clock clock, String refusal) {
        this.clock = clock;
        this.refusal = refusal;
    }

    /** @throws Refusal when there were too many already */
    public void attempt(String username, InetAddress address) {
        count(ClientAddress.counted(address), PER_ADDRESS);
        count(name(username), PER_NAME);
    }

    /** @throws Refusal when there were too many already; counts nothing */
    public void check(String username, InetAddress address) {
        refuse(counted.getIfPresent(ClientAddress.counted(address)), PER_ADDRESS - 1);
        refuse(counted.getIfPresent(name(username)), PER_NAME - 1);
    }

    public void failed(String username, InetAddress address) {
        counted(ClientAddress.counted(address), PER_ADDRESS);
        counted(name(username), PER_NAME);
    }

    public void succeeded(String username, InetAddress address) {
        counted.invalidate(name(username));
        counted.asMap()
                .computeIfPresent(
                        ClientAddress.counted(address),
                        (key, attempts) -> new Attempts(attempts.since, Math.max(0, attempts.count - 1)));
    }

    private void count(Object key, int most) {
        refuse(counted(key, most), most);
    }

    private Attempts counted(Object key, int most) {
        long now = clock.millis();
        return counted.asMap().compute(key, (same, before) -> {
            if (before == null || now - before.since >= WINDOW.toMillis()) {
                return new Attempts(now, 1);
            }
            return before.count > most ? before : new Attempts(before.since, before.count + 1);
        });
    }

    private void refuse(@Nullable Attempts attempts, int most) {
        long wait = attempts == null ? 0 : attempts.since + WINDOW.toMillis() - clock.millis();
        if (attempts != null && attempts.count > most && wait > 0) {
            throw new Refusal(Reason.RATE_LIMIT_EXCEEDED, refusal, null, Duration.ofMillis(wait));
        }
    }

    private static String name(String username) {
        return username.toLowerCase(Locale.ROOT);
    }
}
