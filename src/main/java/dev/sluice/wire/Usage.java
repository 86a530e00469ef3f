package dev.sluice.wire;

/**
 * What one call used, in model tokens, as OpenAI counts: {@code cached} and {@code cacheWrite} are parts of {@code
 * prompt}, {@code reasoning} is a part of {@code completion}.
 *
 * @param kinds of those, what has a price of its own
 * @param estimated whether the gateway counted it because the vendor sent no usage
 */
public record Usage(
        long prompt, long cached, long cacheWrite, long completion, long reasoning, Kinds kinds, boolean estimated) {
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

    /**
     * The parts of a usage that are not plain text tokens.
     *
     * @param hourWrite of the cache write, what is kept for an hour rather than for minutes
     * @param audioPrompt of the prompt, cached audio included
     * @param audioCached of the cached prompt
     * @param imagePrompt of the prompt
     * @param audioCompletion of the completion
     * @param imageCompletion of the completion
     */
    public record Kinds(
            long hourWrite,
            long audioPrompt,
            long audioCached,
            long imagePrompt,
            long audioCompletion,
            long imageCompletion) {
        public static final Kinds TEXT = new Kinds(0, 0, 0, 0, 0, 0);

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
                    Math.clamp(imageCompletion, 0, completion - spoken));
        }
    }

    public long total() {
        return prompt + completion;
    }

    /** Whether nothing was counted at all, which some vendors send on every chunk and means "not yet". */
    public boolean empty() {
        return prompt == 0 && completion == 0;
    }
}
