package dev.sluice.quota;

import dev.sluice.access.Caller;
import dev.sluice.limit.Throttle;
import dev.sluice.wire.Limits;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What callers may pass in a minute and at once: a token's own limits, and those of its owner's group together. */
@Component
public final class RateLimits {
    private final Map<Long, Throttle> tokens = new ConcurrentHashMap<>();
    private final Map<String, Throttle> groups = new ConcurrentHashMap<>();

    /** A call that passed; its end must be told. */
    public static final class Pass {
        private final @Nullable Throttle token;
        private final @Nullable Throttle group;
        private final long estimate;

        private Pass(@Nullable Throttle token, @Nullable Throttle group, long estimate) {
            this.token = token;
            this.group = group;
            this.estimate = estimate;
        }

        public void leave(long usedTokens) {
            if (token != null) {
                token.leave(estimate, usedTokens);
            }
            if (group != null) {
                group.leave(estimate, usedTokens);
            }
        }

        /** What OpenAI's callers look at to pace themselves; of the tighter limit, the token's, where there is one. */
        public Map<String, String> headers() {
            Throttle throttle = token != null ? token : group;
            return throttle == null ? Map.of() : RateLimits.headers(throttle);
        }
    }

    /** @throws Refusal when a limit is reached; then nothing was taken */
    public Pass enter(Caller caller, long estimatedTokens) {
        Throttle token = throttle(tokens, caller.token().id(), caller.token().limits());
        Throttle group = throttle(groups, caller.group().name(), caller.group().limits());
        refuse("token", token, token == null ? null : token.enter(estimatedTokens));
        Throttle.Denial denial = group == null ? null : group.enter(estimatedTokens);
        if (denial != null && token != null) {
            token.leave(estimatedTokens, 0);
        }
        refuse("group", group, denial);
        return new Pass(token, group, estimatedTokens);
    }

    /** A change of the limits begins with a fresh minute. */
    private static <K> @Nullable Throttle throttle(Map<K, Throttle> all, K key, Limits limits) {
        if (limits.equals(Limits.NONE)) {
            return null;
        }
        Throttle throttle = all.get(key);
        if (throttle == null || !throttle.limits().equals(limits)) {
            throttle = all.compute(
                    key,
                    (same, there) -> there != null && there.limits().equals(limits) ? there : new Throttle(limits));
        }
        return throttle;
    }

    private static void refuse(String whose, @Nullable Throttle throttle, Throttle.@Nullable Denial denial) {
        if (throttle == null || denial == null) {
            return;
        }
        String what = denial.limit().equals("concurrency") ? "open calls" : denial.limit() + " a minute";
        throw new Refusal(
                Reason.RATE_LIMIT_EXCEEDED,
                "This " + whose + " is over its limit of " + denial.allowed() + " " + what + ". Try again later.",
                null,
                denial.retryAfter(),
                headers(throttle));
    }

    private static Map<String, String> headers(Throttle throttle) {
        Map<String, String> headers = new LinkedHashMap<>();
        add(headers, "requests", throttle.limits().rpm(), throttle.remainingRequests());
        add(headers, "tokens", throttle.limits().tpm(), throttle.remainingTokens());
        return headers;
    }

    private static void add(
            Map<String, String> headers, String what, @Nullable Integer limit, @Nullable Long remaining) {
        if (limit != null && remaining != null) {
            headers.put("x-ratelimit-limit-" + what, limit.toString());
            headers.put("x-ratelimit-remaining-" + what, remaining.toString());
            headers.put("x-ratelimit-reset-" + what, seconds(Throttle.untilFull(limit, remaining)));
        }
    }

    /** As OpenAI writes it: {@code 1.2s}, {@code 17ms}. */
    private static String seconds(Duration time) {
        long millis = time.toMillis();
        return millis < 1_000 ? millis + "ms" : millis / 1_000 + "." + millis % 1_000 / 100 + "s";
    }
}
