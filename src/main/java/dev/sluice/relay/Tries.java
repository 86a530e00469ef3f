package dev.sluice.relay;

import dev.sluice.channel.Choice;
import dev.sluice.vendor.Failure;
import dev.sluice.wire.Refusal;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What was tried for one call and came to nothing, and what is left to say of it when no channel answers. */
final class Tries {
    /** The ledger holds 400 characters of notes, and one more note has some 40. */
    private static final int MOST_NOTES = 350;

    private final Set<Object> tried = new HashSet<>(2);
    private @Nullable Failure last;
    private @Nullable Failure rateLimited;
    private @Nullable Refusal inexpressible;
    private @Nullable StringBuilder notes; // nearly always none
    private boolean onlyRateLimited = true;
    private int attempts;
    private int attemptsBefore; // with models before this one
    private int fallbacks;

    /** The channels and keys that are not chosen again. */
    Set<Object> tried() {
        return tried;
    }

    int attempts() {
        return attempts;
    }

    /** Attempts with the model that is asked for now. */
    int attemptsOfModel() {
        return attempts - attemptsBefore;
    }

    /** Another model is asked for from now on. */
    void nextModel() {
        attemptsBefore = attempts;
    }

    /** The place of the next model that may stand in for the caller's; each is given once. */
    int nextFallback() {
        return fallbacks++;
    }

    void attempting() {
        attempts++;
    }

    /** A channel was passed over, since its vendor has no word for what is asked. */
    void inexpressible(Refusal refusal) {
        inexpressible = refusal;
        attempts--;
    }

    @Nullable
    Refusal inexpressible() {
        return inexpressible;
    }

    /** The attempt came to nothing. */
    void failed(@Nullable Choice choice, Failure failure) {
        last = failure;
        note(choice, failure);
        if (failure.kind() != Failure.Kind.RATE_LIMITED) {
            onlyRateLimited = false;
        } else if (rateLimited == null || sooner(failure, rateLimited)) {
            rateLimited = failure;
        }
    }

    private void note(@Nullable Choice choice, Failure failure) {
        StringBuilder all = notes == null ? new StringBuilder(32) : notes;
        if (choice != null && all.length() < MOST_NOTES) {
            all.append(all.isEmpty() ? "" : ",")
                    .append(choice.channel().id())
                    .append(':')
                    .append(failure.kind().label);
        }
        notes = all;
    }

    private static boolean sooner(Failure one, Failure other) {
        return one.retryAfter() != null
                && (other.retryAfter() == null || one.retryAfter().compareTo(other.retryAfter()) < 0);
    }

    @Nullable
    Failure last() {
        return last;
    }

    /** The vendor's word on when to come again, when all that failed was its rate limit. */
    @Nullable
    Failure onlyRateLimited() {
        return onlyRateLimited ? rateLimited : null;
    }

    /** For the ledger, as far as its column goes: which channel failed how. Null: none did. */
    @Nullable
    String notes() {
        return notes == null ? null : notes.toString();
    }
}
