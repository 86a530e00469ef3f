package dev.sluice.wire;

/**
 * What one call used, in model tokens, as OpenAI counts: {@code cached} and {@code cacheWrite} are parts of {@code
 * prompt}, {@code reasoning} is a part of {@code completion}.
 *
 * @param estimated whether the gateway counted it because the vendor sent no usage
 */
public record Usage(long prompt, long cached, long cacheWrite, long completion, long reasoning, boolean estimated) {
    public static final Usage NONE = new Usage(0, 0, 0, 0, 0, false);

    /** Vendors err: a negative number is none, and a part is never more than its whole. */
    public Usage {
        prompt = Math.max(0, prompt);
        completion = Math.max(0, completion);
        cached = Math.clamp(cached, 0, prompt);
        cacheWrite = Math.clamp(cacheWrite, 0, prompt - cached);
        reasoning = Math.clamp(reasoning, 0, completion);
    }

    public long total() {
        return prompt + completion;
    }

    /** Whether nothing was counted at all, which some vendors send on every chunk and means "not yet". */
    public boolean empty() {
        return prompt == 0 && completion == 0;
    }
}
