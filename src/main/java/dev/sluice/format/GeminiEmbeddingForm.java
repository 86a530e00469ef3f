package dev.sluice.format;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Google's embeddings, of one content or of many. */
final class GeminiEmbeddingForm implements Form {
    private final boolean many;

    GeminiEmbeddingForm(boolean many) {
        this.many = many;
    }

    @Override
    public Question read(byte[] body, boolean stream) {
        JsonNode ask = Fields.body(body);
        List<JsonNode> requests = many ? Fields.list(ask, "requests") : List.of(ask);
        JsonNode first = requests.isEmpty() ? ask : requests.getFirst();
        List<String> texts = new ArrayList<>();
        for (JsonNode request : requests) {
            StringBuilder text = new StringBuilder();
            for (JsonNode part : request.path("content").path("parts")) {
                if (!part.path("text").isString()) {
                    throw Fields.inexpressible(many ? "requests" : "content", "send text only");
                }
                text.append(part.path("text").asString());
            }
            texts.add(text.toString());
        }
        JsonNode length = first.has("outputDimensionality")
                ? first.path("outputDimensionality")
                : first.path("output_dimensionality");
        return new Texts(
                texts,
                length.isNumber() ? Long.valueOf(length.asLong()) : null,
                text(first, "taskType", "task_type"),
                first.path("title").asString(null),
                false);
    }

    private static @Nullable String text(JsonNode in, String camel, String snake) {
        return in.path(camel).asString(in.path(snake).asString(null));
    }

    @Override
    public byte[] write(Question question, ToolNames names, String model, List<String> quirks) {
        Texts asked = (Texts) question;
        ArrayNode requests = Fields.array();
        for (String text : asked.texts()) {
            ObjectNode request = requests.addObject().put("model", "models/" + model);
            request.putObject("content").putArray("parts").addObject().put("text", text);
            if (asked.purpose() != null) {
                request.put("taskType", asked.purpose());
            }
            if (asked.title() != null) {
                request.put("title", asked.title());
            }
            if (asked.dimensions() != null) {
                request.put("outputDimensionality", asked.dimensions());
            }
        }
        if (many) {
            return Fields.bytes(Fields.object().set("requests", requests));
        }
        if (requests.size() > 1) {
            throw Fields.inexpressible("input", "it embeds one text a call");
        }
        return Fields.bytes(requests.path(0));
    }

    /** Reads one vector or many. */
    static final class Reader extends EmbeddingsForm.WholeReader {
        @Override
        void take(JsonNode answer, Consumer<Piece> pieces) {
            if (answer.path("embedding").isObject()) {
                pieces.accept(new Piece.Vector(
                        EmbeddingsForm.vector(answer.path("embedding").path("values"))));
            }
            for (JsonNode each : answer.path("embeddings")) {
                pieces.accept(new Piece.Vector(EmbeddingsForm.vector(each.path("values"))));
            }
            if (answer.path("usageMetadata").isObject()) {
                pieces.accept(new Piece.Spent(GeminiReader.usage(answer.path("usageMetadata"))));
            }
        }
    }

    /** Writes one vector or many. */
    static final class Writer extends EmbeddingsForm.WholeWriter {
        private final boolean many;

        Writer(boolean many) {
            this.many = many;
        }

        @Override
        public byte[] whole(List<Piece> pieces) {
            ArrayNode vectors = Fields.array();
            for (Piece piece : pieces) {
                if (piece instanceof Piece.Vector vector) {
                    ArrayNode values = vectors.addObject().putArray("values");
                    for (float value : vector.values()) {
                        values.add(value);
                    }
                }
            }
            ObjectNode answer = Fields.object();
            return Fields.bytes(many ? answer.set("embeddings", vectors) : answer.set("embedding", vectors.path(0)));
        }
    }
}
