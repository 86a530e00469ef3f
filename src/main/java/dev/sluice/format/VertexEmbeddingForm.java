package dev.sluice.format;

import dev.sluice.wire.Usage;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Vertex AI's embeddings, which are predictions of instances; callers do not speak it. */
final class VertexEmbeddingForm implements Form {
    @Override
    public byte[] write(Question question, ToolNames names, String model, List<String> quirks) {
        Texts asked = (Texts) question;
        ObjectNode body = Fields.object();
        ArrayNode instances = body.putArray("instances");
        for (String text : asked.texts()) {
            ObjectNode instance = instances.addObject().put("content", text);
            if (asked.purpose() != null) {
                instance.put("task_type", asked.purpose());
            }
            if (asked.title() != null) {
                instance.put("title", asked.title());
            }
        }
        if (asked.dimensions() != null) {
            body.putObject("parameters").put("outputDimensionality", asked.dimensions());
        }
        return Fields.bytes(body);
    }

    /** Reads the vectors, each with its count of tokens. */
    static final class Reader extends EmbeddingsForm.WholeReader {
        @Override
        void take(JsonNode answer, Consumer<Piece> pieces) {
            long tokens = 0;
            for (JsonNode each : answer.path("predictions")) {
                JsonNode embedding = each.path("embeddings");
                pieces.accept(new Piece.Vector(EmbeddingsForm.vector(embedding.path("values"))));
                tokens += Fields.count(embedding.path("statistics").path("token_count"));
            }
            if (tokens > 0) {
                pieces.accept(new Piece.Spent(new Usage(tokens, 0, 0, 0, 0, false)));
            }
        }
    }
}
