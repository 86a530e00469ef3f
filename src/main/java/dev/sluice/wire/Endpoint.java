package dev.sluice.wire;

import org.jspecify.annotations.Nullable;

/** What a caller can ask for under {@code /v1}, in OpenAI's form. */
public enum Endpoint {
    CHAT("/chat/completions", "messages", true),
    COMPLETIONS("/completions", null, true),
    EMBEDDINGS("/embeddings", "input", false);

    /** The path after the version segment. */
    public final String path;

    /** The field a body cannot do without, beside {@code model}. */
    public final @Nullable String required;

    /** Whether it writes text: then there are completion tokens to reserve, and it can stream. */
    public final boolean generates;

    Endpoint(String path, @Nullable String required, boolean generates) {
        this.path = path;
        this.required = required;
        this.generates = generates;
    }

    /** As the ledger and the metrics name it. */
    public String label() {
        return path.substring(1);
    }
}
