package dev.sluice.wire;

import org.jspecify.annotations.Nullable;

/** What a caller can ask for. */
public enum Endpoint {
    CHAT("/chat/completions", "messages", true),
    COMPLETIONS("/completions", null, true),
    EMBEDDINGS("/embeddings", "input", false),
    MODERATIONS("/moderations", "input", false),
    RERANK("/rerank", "query", false),
    IMAGES("/images/generations", "prompt", false),
    /** Answers in sound. */
    SPEECH("/audio/speech", "input", false),
    /** Written down, in the language spoken; asked in a form, as the next three are. */
    TRANSCRIPTIONS("/audio/transcriptions", null, true),
    /** Written down in English. */
    TRANSLATIONS("/audio/translations", null, true),
    IMAGE_EDITS("/images/edits", null, false),
    IMAGE_VARIATIONS("/images/variations", null, false),
    /** OpenAI's newer form. */
    RESPONSES("/responses", "input", true),
    /** Anthropic's own form. */
    MESSAGES("/messages", "messages", true),
    /** Google's own form, under {@code /v1beta}: the model stands in the path. */
    GENERATE("/models/{model}:generateContent", "contents", true),
    /** Google's embedding of one content. */
    EMBED_CONTENT("/models/{model}:embedContent", "content", false),
    /** Google's embedding of many. */
    EMBED_CONTENTS("/models/{model}:batchEmbedContents", "requests", false),
    /** Anthropic's count of what a call would take; it costs nothing. */
    COUNT_TOKENS("/messages/count_tokens", "messages", false),
    /** A conversation on a WebSocket: the model stands in the query, and there is no body. */
    REALTIME("/realtime", null, true),
    /** Pictures that a Midjourney relay works on after it has answered; at the root, not under {@code /v1}. */
    MIDJOURNEY("/mj", null, false),
    /** Songs, likewise. */
    SUNO("/suno", null, false),
    /** Files that a vendor keeps, and batches that it works on for hours: objects, not calls. */
    FILES("/files", null, false),
    BATCHES("/batches", null, false);

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
        return this == CHAT || this == MESSAGES || this == COUNT_TOKENS || takesOne();
    }

    /** Whether Google takes one where there could be a list. */
    boolean takesOne() {
        return this == GENERATE || this == EMBED_CONTENT;
    }

    /** Whether it is asked in one POST under {@code /v1} that names its model, as most are. */
    public boolean plain() {
        return !path.contains("{")
                && this != REALTIME
                && this != MIDJOURNEY
                && this != SUNO
                && this != FILES
                && this != BATCHES;
    }

    /** Whether it is asked in a form, with a file. */
    public boolean form() {
        return this == TRANSCRIPTIONS || this == TRANSLATIONS || this == IMAGE_EDITS || this == IMAGE_VARIATIONS;
    }

    /**
     * Whether an answer is as good when the same is asked again. Responses are not: their vendor keeps them by an id;
     * nor is what is drawn, said or asked in a form.
     */
    public boolean repeats() {
        return switch (this) {
            case CHAT,
                    COMPLETIONS,
                    EMBEDDINGS,
                    MODERATIONS,
                    RERANK,
                    MESSAGES,
                    GENERATE,
                    EMBED_CONTENT,
                    EMBED_CONTENTS -> true;
            default -> false;
        };
    }

    /** Whether it answers in pictures. */
    public boolean pictures() {
        return this == IMAGES || this == IMAGE_EDITS || this == IMAGE_VARIATIONS;
    }

    /** Whether its answer is JSON. */
    public boolean answersJson() {
        return this != SPEECH;
    }

    /** The model that is meant where the caller names none; empty: one must be named. */
    String defaultModel() {
        return this == MODERATIONS ? "omni-moderation-latest" : "";
    }

    /** Whether what it uses is paid. */
    public boolean metered() {
        return this != COUNT_TOKENS;
    }

    /** Whether a stream tells its usage only when it is asked for. */
    boolean takesStreamOptions() {
        return this == CHAT || this == COMPLETIONS;
    }

    /** As the ledger and the metrics name it. */
    public String label() {
        int colon = path.lastIndexOf(':');
        return path.substring(colon < 0 ? 1 : colon + 1);
    }
}
