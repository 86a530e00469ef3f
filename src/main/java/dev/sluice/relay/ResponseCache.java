package dev.sluice.relay;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import dev.sluice.channel.Route;
import dev.sluice.settings.Caching;
import dev.sluice.wire.Ask;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Whole answers that are kept for the user who asks the very same again, where the token or the model's settings say
 * so. On this node only, in memory, up to a size; a change of channels or settings makes what was kept before
 * unreachable, since an operator may have changed what the model answers.
 */
@Component
final class ResponseCache {
    /** Longer questions hold pictures or books: they are hardly asked twice, and looking at them takes its time. */
    private static final int LONGEST_QUESTION = 1024 * 1024;

    /** What an entry takes beside its answer's bytes. */
    private static final int OVERHEAD = 400;

    private final Clock clock;
    private final RelayMeters meters;
    private final int largest;
    private final Cache<Key, Kept> answers;

    /** @param route is made anew with each change of the channels or the settings, and equal to itself alone */
    private record Key(Route route, ByteBuffer question) {}

    /** @param expiresAt in epoch milliseconds */
    private record Kept(KeptAnswer answer, long expiresAt) {}

    ResponseCache(RelaySettings relay, RelayMeters meters, Clock clock) {
        this.clock = clock;
        this.meters = meters;
        long bytes = relay.responseCache().toBytes();
        // One answer must not push out all the others.
        this.largest = (int) Math.min(bytes / 16, 1024 * 1024);
        this.answers = Caffeine.newBuilder()
                .maximumWeight(bytes)
                .<Key, Kept>weigher((key, kept) -> OVERHEAD + kept.answer.bytes().length)
                .expireAfter(Expiry.<Key, Kept>creating(
                        (key, kept) -> java.time.Duration.ofMillis(Math.max(0, kept.expiresAt - clock.millis()))))
                .executor(Runnable::run)
                .build();
    }

    /** Where this call's answer is or will be kept; null: nowhere. */
    @Nullable
    Place place(Call call) {
        Ask ask = call.ask();
        Integer own = call.caller().token().cacheTtlSeconds();
        Caching caching = call.route().caching();
        int seconds = own == null ? caching.ttlSeconds() : own;
        if (seconds == 0 || !ask.endpoint().repeats() || ask.body().length > LONGEST_QUESTION) {
            return null;
        }
        String wish = call.visit().headers().get("cache-control", "");
        if (wish.contains("no-store")) {
            return null;
        }
        return new Place(
                new Key(call.route(), question(call)),
                seconds,
                caching.priceFactorMillionths(),
                wish.contains("no-cache"));
    }

    /** All that an answer depends on beside the channels: whose it is, what is asked, and in which form it is wanted. */
    private static ByteBuffer question(Call call) {
        Ask ask = call.ask();
        Visit visit = call.visit();
        MessageDigest digest = sha256();
        Long pinned = call.pinnedChannel();
        ByteBuffer numbers = ByteBuffer.allocate(2 * Long.BYTES + 3);
        numbers.putLong(call.caller().user().id()).putLong(pinned == null ? -1 : pinned);
        numbers.put((byte) ask.endpoint().ordinal());
        numbers.put((byte) (ask.stream() ? 1 : 0)).put((byte) (visit.wantsArray() ? 1 : 0));
        digest.update(numbers.flip());
        HttpHeaders headers = visit.headers();
        for (String name : Attempts.PASSED) {
            if (!name.equals("idempotency-key")) {
                add(digest, headers.get(name, ""));
            }
        }
        add(digest, ask.model());
        return ByteBuffer.wrap(digest.digest(ask.body()));
    }

    /** With its length before it, so that no two of them can be taken for others. */
    private static void add(MessageDigest digest, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).flip());
        digest.update(bytes);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /** The place of one call's answer. */
    final class Place {
        private final Key key;
        private final int seconds;
        private final long priceFactorMillionths;
        private final boolean afresh;

        private Place(Key key, int seconds, long priceFactorMillionths, boolean afresh) {
            this.key = key;
            this.seconds = seconds;
            this.priceFactorMillionths = priceFactorMillionths;
            this.afresh = afresh;
        }

        /** What is kept there, unless the caller wants an answer of its own; null: nothing. */
        @Nullable
        KeptAnswer find() {
            Kept kept = afresh ? null : answers.getIfPresent(key);
            meters.cached(kept != null);
            return kept == null ? null : kept.answer;
        }

        void keep(KeptAnswer answer) {
            if (answer.bytes().length <= largest) {
                answers.put(key, new Kept(answer, clock.millis() + TimeUnit.SECONDS.toMillis(seconds)));
            }
        }

        /** Larger answers are not kept. */
        int largest() {
            return largest;
        }

        long priceFactorMillionths() {
            return priceFactorMillionths;
        }
    }
}
