package dev.sluice.wire;

import org.jspecify.annotations.Nullable;

/**
 * What one call used, in model tokens, as OpenAI counts: {@code cached} and {@code cacheWrite} are parts of {@code
 * prompt}, {@code reasoning} is a part of {@code completion}.
 *
 * @param kinds of those, what has a price of its own
 * @param estimated whether the gateway counted it because the vendor sent no usage
 */
public record Usage(
        long prompt, long cached, long cacheWrite, long completion, long reasoning, Kinds kinds, boolean estimated) {
    /** A year of sound is no recording. */
    private static final long LONGEST_SOUND = 366L * 24 * 60 * 60 * 1_000;

    public static final Usage NONE = new Usage(0, 0, 0, 0, 0, false);

    /** Vendors err: a negative number is none, and a part is never more than its whole. */
    public Usage {
        prompt = Math.max(0, prompt);
        completion = Math.max(0, completion);
        cached = Math.clamp(cached, 0, prompt);
        cacheWrite = Math.clamp(cacheWrite, 0, prompt - cached);
        reasoning = Math.clamp(reasoning, 0, completion);
        kinds = kinds.within(prompt, cached, cacheWrite, completion);
    }

    /** All of it text. */
    public Usage(long prompt, long cached, long cacheWrite, long completion, long reasoning, boolean estimated) {
        this(prompt, cached, cacheWrite, completion, reasoning, Kinds.TEXT, estimated);
    }

    /** The priority at which a vendor answered, where that has a price of its own. */
    public enum Tier {
        STANDARD,
        FLEX,
        PRIORITY;

        /** What the vendor calls it; all that is neither flex nor priority is the standard one. */
        public static Tier of(@Nullable String word) {
            return switch (word) {
                case "flex" -> FLEX;
                case "priority" -> PRIORITY;
                case null, default -> STANDARD;
            };
        }
    }

    /**
     * What of a usage is not plain text tokens, or not counted in tokens at all.
     *
     *
     * @param hourWrite of the cache write, what is kept for an hour rather than for minutes
     * @param audioPrompt of the prompt, cached audio included
     * @param audioCached of the cached prompt
     * @param imagePrompt of the prompt
     * @param audioCompletion of the completion
     * @param imageCompletion of the completion
     * @param soundMillis how long a recording is, of a vendor that counts its length
     * @param characters of a text that was to be spoken
     */
    public record Kinds(
            long hourWrite,
            long audioPrompt,
            long audioCached,
            long imagePrompt,
            long audioCompletion,
            long imageCompletion,
            long soundMillis,
            long characters,
            Tier tier) {
        public static final Kinds TEXT = new Kinds(0, 0, 0, 0, 0, 0);

        /** All of it tokens, of the standard tier. */
        public Kinds(
                long hourWrite,
                long audioPrompt,
                long audioCached,
                long imagePrompt,
                long audioCompletion,
                long imageCompletion) {
            this(
                    hourWrite,
                    audioPrompt,
                    audioCached,
                    imagePrompt,
                    audioCompletion,
                    imageCompletion,
                    0,
                    0,
                    Tier.STANDARD);
        }

        private Kinds with(long sound, long letters, Tier answered) {
            return new Kinds(
                    hourWrite,
                    audioPrompt,
                    audioCached,
                    imagePrompt,
                    audioCompletion,
                    imageCompletion,
                    sound,
                    letters,
                    answered);
        }

        private Kinds within(long prompt, long cached, long cacheWrite, long completion) {
            if (this == TEXT) {
                return this;
            }
            long heard = Math.clamp(audioCached, 0, cached);
            long fresh =
                    prompt - cached - cacheWrite; // what of the prompt is neither read from a cache nor written to one
            long audio = Math.clamp(audioPrompt - heard, 0, fresh);
            long spoken = Math.clamp(audioCompletion, 0, completion);
            return new Kinds(
                    Math.clamp(hourWrite, 0, cacheWrite),
                    audio + heard,
                    heard,
                    Math.clamp(imagePrompt, 0, fresh - audio),
                    spoken,
                    Math.clamp(imageCompletion, 0, completion - spoken),
                    Math.clamp(soundMillis, 0, LONGEST_SOUND),
                    Math.max(0, characters),
                    tier);
        }
    }

    /** The same, answered at that tier. */
    public Usage at(Tier tier) {
        return tier == kinds.tier ? this : with(kinds.with(kinds.soundMillis, kinds.characters, tier));
    }

    /** The same, of a recording of that length. */
    public Usage heard(long soundMillis) {
        return with(kinds.with(soundMillis, kinds.characters, kinds.tier));
    }

    /** The same, of a text of that length that was spoken. */
    public Usage spoken(long characters) {
        return with(kinds.with(kinds.soundMillis, characters, kinds.tier));
    }

    private Usage with(Kinds other) {
        return new Usage(prompt, cached, cacheWrite, completion, reasoning, other, estimated);
    }

    public long total() {
        return prompt + completion;
    }

    /** Whether nothing was counted at all, which some vendors send on every chunk and means "not yet". */
    public boolean empty() {
        return prompt == 0 && completion == 0 && kinds.soundMillis == 0;
    }
}
