package dev.sluice.format;

import dev.sluice.wire.Endpoint;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Usage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The forms there are. Each can be read and written, so that any of them reaches any other. */
public enum Format {
    /** OpenAI's chat completions, and the whole field's. */
    CHAT(new ChatForm(), ChatReader::new, ChatWriter::new, EventStreamFrames::new),
    /** OpenAI's responses. */
    RESPONSES(new ResponsesForm(), quirks -> new ResponsesReader(), ResponsesWriter::new, EventStreamFrames::new),
    /** Anthropic's messages. */
    MESSAGES(new MessagesForm(), quirks -> new MessagesReader(), MessagesWriter::new, EventStreamFrames::new),
    /** Google's generateContent. */
    GEMINI(new GeminiForm(), quirks -> new GeminiReader(), GeminiWriter::new, EventStreamFrames::new),
    /** AWS Bedrock's Converse. */
    CONVERSE(new ConverseForm(), quirks -> new ConverseReader(), Format::noWriter, AwsFrames::new),
    /** Cohere's chat, version 2. */
    COHERE(new CohereForm(), quirks -> new CohereReader(), Format::noWriter, EventStreamFrames::new),
    /** Ollama's chat. */
    OLLAMA(new OllamaForm(), quirks -> new OllamaReader(), Format::noWriter, JsonLines::new),
    /** Cohere's embeddings. */
    COHERE_EMBEDDINGS(
            new CohereForm.Embeddings(),
            quirks -> new CohereForm.EmbeddingsReader(),
            Format::noWriter,
            EventStreamFrames::new),
    /** Ollama's embeddings. */
    OLLAMA_EMBEDDINGS(
            new EmbeddingsForm(), quirks -> new OllamaForm.EmbeddingsReader(), Format::noWriter, JsonLines::new),
    /** OpenAI's embeddings, and the whole field's. */
    EMBEDDINGS(
            new EmbeddingsForm(),
            quirks -> new EmbeddingsForm.Reader(),
            EmbeddingsForm.Writer::new,
            EventStreamFrames::new),
    /** Google's embedContent. */
    GEMINI_EMBEDDING(
            new GeminiEmbeddingForm(false),
            quirks -> new GeminiEmbeddingForm.Reader(),
            heading -> new GeminiEmbeddingForm.Writer(false),
            EventStreamFrames::new),
    /** Google's batchEmbedContents. */
    GEMINI_EMBEDDINGS(
            new GeminiEmbeddingForm(true),
            quirks -> new GeminiEmbeddingForm.Reader(),
            heading -> new GeminiEmbeddingForm.Writer(true),
            EventStreamFrames::new),
    /** Vertex AI's embeddings. */
    VERTEX_EMBEDDINGS(
            new VertexEmbeddingForm(),
            quirks -> new VertexEmbeddingForm.Reader(),
            Format::noWriter,
            EventStreamFrames::new),
    /** Amazon Titan's embeddings. */
    TITAN_EMBEDDING(
            new TitanEmbeddingForm(),
            quirks -> new TitanEmbeddingForm.Reader(),
            Format::noWriter,
            EventStreamFrames::new);

    private final Form form;
    private final Function<List<String>, AnswerReader> reader;
    private final Function<Heading, AnswerWriter> writer;
    private final Supplier<Frames> frames;

    Format(
            Form form,
            Function<List<String>, AnswerReader> reader,
            Function<Heading, AnswerWriter> writer,
            Supplier<Frames> frames) {
        this.form = form;
        this.reader = reader;
        this.writer = writer;
        this.frames = frames;
    }

    private static AnswerWriter noWriter(Heading heading) {
        throw new IllegalStateException("no caller is answered in this form");
    }

    /** The form of what is asked at the endpoint; null: it has only one, and is never translated. */
    public static @Nullable Format of(Endpoint endpoint) {
        return switch (endpoint) {
            case CHAT -> CHAT;
            case RESPONSES -> RESPONSES;
            case MESSAGES -> MESSAGES;
            case GENERATE -> GEMINI;
            case EMBEDDINGS -> EMBEDDINGS;
            case EMBED_CONTENT -> GEMINI_EMBEDDING;
            case EMBED_CONTENTS -> GEMINI_EMBEDDINGS;
            case COMPLETIONS,
                    COUNT_TOKENS,
                    MODERATIONS,
                    RERANK,
                    IMAGES,
                    SPEECH,
                    TRANSCRIPTIONS,
                    TRANSLATIONS,
                    IMAGE_EDITS,
                    IMAGE_VARIATIONS,
                    REALTIME,
                    MIDJOURNEY,
                    SUNO,
                    FILES,
                    BATCHES -> null;
        };
    }

    /** What is asked in a body of this form. @throws Refusal when no other form has a word for it */
    public Question read(byte[] body, boolean stream) {
        return form.read(body, stream);
    }

    /** The names that the question's tools get in this form. */
    public ToolNames names(Question question) {
        return switch (question) {
            case Conversation conversation -> form.names(conversation);
            case Texts texts -> new ToolNames(List.of());
        };
    }

    /** The body for a vendor that speaks this form. @throws Refusal when it has no word for what is asked */
    public byte[] write(Question question, ToolNames names, String model, List<String> quirks) {
        return form.write(question, names, model, quirks);
    }

    /** For one answer of a vendor. */
    public AnswerReader reader(List<String> quirks) {
        return reader.apply(quirks);
    }

    /** For one answer to a caller. */
    public AnswerWriter writer(Heading heading) {
        return writer.apply(heading);
    }

    /** For one stream of a vendor. */
    public Frames frames() {
        return frames.get();
    }

    /** What the last event of a stream would be, where a vendor left it out after the answer's end; it may be nothing. */
    public String closing() {
        return switch (this) {
            case CHAT -> "data: [DONE]\n\n";
            case MESSAGES -> "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
            default -> "";
        };
    }

    /** The last event of a stream that broke off. */
    public byte[] broken(Refusal refusal, String requestId) {
        Events events = new Events();
        writer(new Heading(requestId, "", 0, false, 0, null)).broken(refusal, events);
        return events.taken();
    }

    /** The field of a plain answer that tells the usage. */
    public String usageField() {
        return this == GEMINI || this == GEMINI_EMBEDDING || this == GEMINI_EMBEDDINGS ? "usageMetadata" : "usage";
    }

    /** What that field's value says. */
    public Usage usage(byte[] json) {
        JsonNode node;
        try {
            node = Fields.tree(json, 0, json.length);
        } catch (JacksonException e) {
            return Usage.NONE;
        }
        return switch (this) {
            case CHAT, RESPONSES, EMBEDDINGS -> OpenAiUsage.of(node, false);
            case MESSAGES -> MessagesReader.usage(node);
            case CONVERSE -> ConverseReader.usage(node);
            case COHERE, COHERE_EMBEDDINGS -> CohereReader.usage(node);
            case OLLAMA, OLLAMA_EMBEDDINGS -> OllamaReader.usage(node);
            case GEMINI, GEMINI_EMBEDDING, GEMINI_EMBEDDINGS -> GeminiReader.usage(node);
            case VERTEX_EMBEDDINGS, TITAN_EMBEDDING -> Usage.NONE; // told with the vectors
        };
    }

    /** Whether a plain answer is an error, whatever its status was. */
    public boolean isError(byte[] answer) {
        String start = new String(answer, 0, Math.min(answer.length, 64), StandardCharsets.UTF_8).replaceAll("\\s", "");
        return start.startsWith("{\"error\"")
                || start.startsWith("[{\"error\"")
                || start.startsWith("{\"type\":\"error\"");
    }

    /** Whether callers of this form read the error as it is: behind one form there may be a vendor of another. */
    public boolean reads(byte[] error) {
        String start = new String(error, 0, Math.min(error.length, 64), StandardCharsets.UTF_8).replaceAll("\\s", "");
        return this != MESSAGES || start.startsWith("{\"type\":\"error\"");
    }

    /** The vendor's own words in an error of any form; null: it has none. */
    public static @Nullable String message(byte[] error) {
        JsonNode node;
        try {
            node = Fields.tree(error, 0, error.length);
        } catch (JacksonException e) {
            return null;
        }
        JsonNode inner = node.isArray() ? node.path(0).path("error") : node.path("error");
        for (JsonNode each :
                new JsonNode[] {inner.path("message"), inner, node.path("message"), node.path("Message")}) {
            if (each.isString() && !each.asString().isBlank()) {
                return each.asString();
            }
        }
        return null;
    }

    /** An error, as callers of this form read it. */
    public byte[] error(Refusal refusal, String requestId) {
        return Fields.bytes(
                switch (this) {
                    case MESSAGES -> MessagesWriter.error(refusal, requestId);
                    case GEMINI, GEMINI_EMBEDDING, GEMINI_EMBEDDINGS -> GeminiWriter.error(refusal);
                    default -> ChatWriter.error(refusal);
                });
    }
}
