package dev.sluice.settings;

import org.jspecify.annotations.Nullable;

/**
 * How the channels of one model are chosen among those of the same priority.
 *
 * @param sticky what of a call sends it where the one before it went, as long as that channel can take it; null: nothing
 */
public record Routing(Strategy strategy, @Nullable Sticky sticky) {
    public static final Routing DEFAULT = new Routing(Strategy.ROUND_ROBIN, null);

    /** Which channel is the best one. */
    public enum Strategy {
        /** They take turns by weight. */
        ROUND_ROBIN,
        /** The one with the fewest open calls for its weight. */
        LEAST_BUSY,
        /** Of two at random the one whose streams begin sooner. */
        FASTEST,
        /** The one with the lowest price factor. */
        CHEAPEST
    }

    /** What makes calls belong together. */
    public enum Sticky {
        /** The caller's {@code prompt_cache_key}; calls without one are chosen for as any other. */
        PROMPT_CACHE_KEY,
        /** What a conversation began with: its messages up to the user's first. */
        CONVERSATION,
        /** The caller's {@code user}, else the user who owns the token. */
        USER
    }
}
