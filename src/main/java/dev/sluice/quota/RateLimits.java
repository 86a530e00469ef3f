package dev.sluice.quota;

import dev.sluice.access.Caller;
import dev.sluice.limit.SharedLimits;
import dev.sluice.limit.SharedThrottle;
import dev.sluice.limit.SharedThrottle.Verdict;
import dev.sluice.limit.Throttle;
import dev.sluice.wire.Limits;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Refusal.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * What callers may pass in a minute and at once: a token's own limits, those of its owner's tokens together, and those of
 * its owner's group. This
 * node's count is asked first, without waiting. Where nodes share a Redis, theirs is asked after it: whatever passed
 * anywhere is in that one, so it decides; while it is away this node's goes on as it stands.
 */
@Component
public final class RateLimits {
    private final SharedLimits shared;
    private final Map<Long, Subject> tokens = new ConcurrentHashMap<>();
    private final Map<Long, Subject> users = new ConcurrentHashMap<>();
    private final Map<String, Subject> groups = new ConcurrentHashMap<>();

    RateLimits(SharedLimits shared) {
        this.shared = shared;
    }

    /** A token or group with limits: its count on this node, and its count on all of them once there was a Redis. */
    private static final class Subject {
        final String kind;
        final String name;
        final Throttle here;
        volatile @Nullable SharedThrottle everywhere;

        Subject(String kind, String name, Limits limits) {
            this.kind = kind;
            this.name = name;
            this.here = new Throttle(limits);
        }

        Limits limits() {
            return here.limits();
        }

        /** Null: nothing of it is counted together. */
        @Nullable
        SharedThrottle everywhere(SharedLimits shared) {
            SharedThrottle known = everywhere;
            if (known == null) {
                known = shared.find(kind + ":" + name, limits());
                everywhere = known;
            }
            return known;
        }
    }

    /** One subject that a call has entered. The verdict of all nodes may come late, or never: what follows waits for it. */
    private static final class Entered {
        final Subject subject;
        final long estimate;
        private volatile @Nullable SharedThrottle everywhere;
        private volatile @Nullable CompletableFuture<Verdict> verdict;

        Entered(Subject subject, long estimate) {
            this.subject = subject;
            this.estimate = estimate;
        }

        @Nullable
        CompletableFuture<Verdict> share(SharedLimits shared) {
            SharedThrottle found = subject.everywhere(shared);
            if (found != null) {
                everywhere = found;
                verdict = found.enter(estimate);
            }
            return verdict;
        }

        void leave(long usedTokens) {
            subject.here.leave(estimate, usedTokens);
            whenPassed(found -> found.leave(estimate, usedTokens));
        }

        void withdraw() {
            subject.here.withdraw(estimate);
            whenPassed(found -> found.withdraw(estimate));
        }

        private void whenPassed(Consumer<SharedThrottle> then) {
            SharedThrottle found = everywhere;
            CompletableFuture<Verdict> said = verdict;
            if (found != null && said != null) {
                said.thenAccept(word -> {
                    if (word.passed()) {
                        then.accept(found);
                    }
                });
            }
        }

        /** What all nodes said; null: nothing yet, or nobody was asked. */
        @Nullable
        Verdict word() {
            CompletableFuture<Verdict> said = verdict;
            return said != null && said.state() == Future.State.SUCCESS ? said.resultNow() : null;
        }

        /** All nodes' numbers once they are known, else this node's. */
        Map<String, String> headers() {
            Verdict word = word();
            return word == null
                    ? RateLimits.headers(
                            subject.limits(), subject.here.remainingRequests(), subject.here.remainingTokens())
                    : RateLimits.headers(subject.limits(), word.remainingRequests(), word.remainingTokens());
        }
    }

    /** A call that passed on this node; its end must be told, and is heard once. */
    public static final class Pass {
        private final List<Entered> entered; // the token, its owner, the group: those that have limits
        private final AtomicBoolean open = new AtomicBoolean(true);

        private Pass(List<Entered> entered) {
            this.entered = entered;
        }

        public void leave(long usedTokens) {
            end(entered -> entered.leave(usedTokens));
        }

        /** It was refused after all, and took nothing. */
        private void withdraw() {
            end(Entered::withdraw);
        }

        private void end(Consumer<Entered> how) {
            if (open.compareAndSet(true, false)) {
                entered.forEach(how);
            }
        }

        /** What OpenAI's callers look at to pace themselves; of the limit that is the most the caller's own. */
        public Map<String, String> headers() {
            return entered.isEmpty() ? Map.of() : entered.getFirst().headers();
        }
    }

    /** @throws Refusal when a limit is reached on this node; then nothing was taken */
    public Pass enter(Caller caller, long estimatedTokens) {
        Subject token =
                subject("token", tokens, caller.token().id(), caller.token().limits());
        Subject user = subject("user", users, caller.user().id(), caller.user().limits());
        Subject group =
                subject("group", groups, caller.group().name(), caller.group().limits());
        if (token == null && user == null && group == null) {
            return new Pass(List.of());
        }
        List<Entered> entered = new ArrayList<>(3);
        try {
            for (Subject subject : new @Nullable Subject[] {token, user, group}) {
                if (subject != null) {
                    entered.add(enter(subject, estimatedTokens));
                }
            }
            return new Pass(List.copyOf(entered));
        } catch (Refusal refusal) {
            entered.forEach(Entered::withdraw);
            throw refusal;
        }
    }

    private static Entered enter(Subject subject, long estimatedTokens) {
        Entered entered = new Entered(subject, estimatedTokens);
        Throttle.Denial denial = subject.here.enter(estimatedTokens);
        if (denial != null) {
            throw refusal(entered, denial);
        }
        return entered;
    }

    /**
     * The same pass after all nodes were asked, or a {@link Refusal}; null when there is nobody to ask. The answer comes
     * within {@link SharedLimits#PATIENCE}, on any thread: this node's word stands when theirs does not come.
     */
    public @Nullable Mono<Pass> share(Pass pass) {
        if (pass.entered.isEmpty() || !shared.answers()) {
            return null;
        }
        CompletableFuture<?>[] asked = pass.entered.stream()
                .map(entered -> entered.share(shared))
                .filter(Objects::nonNull)
                .toArray(CompletableFuture<?>[]::new);
        if (asked.length == 0) {
            return null;
        }
        // A caller who leaves must not take the question back: what it took is put right when the answer is there.
        return Mono.fromFuture(CompletableFuture.allOf(asked), true)
                .timeout(SharedLimits.PATIENCE)
                .onErrorResume(this::alone)
                .then(Mono.fromCallable(() -> decided(pass)));
    }

    private Mono<Void> alone(Throwable error) {
        shared.failed(error);
        return Mono.empty();
    }

    private static Pass decided(Pass pass) {
        for (Entered entered : pass.entered) {
            Verdict word = entered.word();
            if (word != null && word.denial() != null) {
                pass.withdraw();
                throw refusal(entered, word.denial());
            }
        }
        return pass;
    }

    /** A change of the limits begins with a fresh minute. */
    private static <K> @Nullable Subject subject(String kind, Map<K, Subject> all, K key, Limits limits) {
        if (limits.equals(Limits.NONE)) {
            return null;
        }
        Subject subject = all.get(key);
        if (subject == null || !subject.limits().equals(limits)) {
            subject = all.compute(
                    key,
                    (same, there) -> there != null && there.limits().equals(limits)
                            ? there
                            : new Subject(kind, key.toString(), limits));
        }
        return subject;
    }

    private static Refusal refusal(Entered entered, Throttle.Denial denial) {
        String what = denial.limit().equals("concurrency") ? "open calls" : denial.limit() + " a minute";
        return new Refusal(
                Reason.RATE_LIMIT_EXCEEDED,
                "This " + entered.subject.kind + " is over its limit of " + denial.allowed() + " " + what
                        + ". Try again later.",
                null,
                denial.retryAfter(),
                entered.headers());
    }

    private static Map<String, String> headers(
            Limits limits, @Nullable Long remainingRequests, @Nullable Long remainingTokens) {
        Map<String, String> headers = new LinkedHashMap<>();
        add(headers, "requests", limits.rpm(), remainingRequests);
        add(headers, "tokens", limits.tpm(), remainingTokens);
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
