package dev.sluice.relay;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Which channel made which response: what a vendor keeps is known to the account alone that made it, and is its maker's
 * business alone. Kept in this node's memory: a response that is not known here, since it is old or the gateway was
 * started again, cannot be asked for, and a call that follows it goes to any channel.
 */
@Component
final class Pins {
    /** Some 200 bytes each. */
    private static final int MOST = 200_000;

    /** As long as OpenAI keeps them. */
    private static final Duration KEPT = Duration.ofDays(30);

    private record Pin(long channelId, long userId) {}

    private final Cache<String, Pin> pins =
            Caffeine.newBuilder().maximumSize(MOST).expireAfterWrite(KEPT).build();

    void keep(String responseId, long channelId, long userId) {
        pins.put(responseId, new Pin(channelId, userId));
    }

    /** The channel that made it for this user; null: none is known. */
    @Nullable
    Long channel(String responseId, long userId) {
        Pin pin = pins.getIfPresent(responseId);
        return pin == null || pin.userId != userId ? null : Long.valueOf(pin.channelId);
    }

    void forget(String responseId) {
        pins.invalidate(responseId);
    }
}
