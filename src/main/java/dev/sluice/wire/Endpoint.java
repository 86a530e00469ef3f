package dev.sluice.wire;

import org.jspecify.annotations.Nullable;

/** What a caller can ask for. */
public enum Endpoint {
    CHAT("/chat/completions", "messages", true),
    COMPLETIONS("/completions", null, true),
    EMBEDDINGS("/embeddings", "input", false),
    /** Anthropic's own form. */
    MESSAGES("/messages", "messages", true),
    /** Google's own form, under {@code /v1beta}: the model stands in the path. */
    GENERATE("/models/{model}:generateContent", "contents", true);

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

    /** Whether what it needs is a list of messages. */
    boolean ofMessages() {
        return this == CHAT || this == MESSAGES || this == GENERATE;
    }

    /** Whether a stream tells its usage only when it is asked for. */
    boolean takesStreamOptions() {
        return this == CHAT || this == COMPLETIONS;
    }

    /** As the ledger and the metrics name it. */
    public String label() {
        return this == GENERATE ? "generateContent" : path.substring(1);
    }
}
