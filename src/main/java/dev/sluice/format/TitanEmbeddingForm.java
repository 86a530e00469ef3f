package dev.sluice.format;

import dev.sluice.wire.Usage;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Amazon Titan's embeddings, at AWS Bedrock: one text a call. */
final class TitanEmbeddingForm implements Form {
    @Override
    public byte[] write(Question question, ToolNames names, String model, List<String> quirks) {
        Texts asked = (Texts) question;
        if (asked.texts().size() != 1) {
            throw Fields.inexpressible("input", "it embeds one text a call");
        }
        ObjectNode body = Fields.object().put("inputText", asked.texts().getFirst());
        if (asked.dimensions() != null) {
            body.put("dimensions", asked.dimensions());
        }
        return Fields.bytes(body);
    }

    /** Reads the vector. */
    static final class Reader extends EmbeddingsForm.WholeReader {
        @Override
        void take(JsonNode answer, Consumer<Piece> pieces) {
            if (answer.path("embedding").isArray()) {
                pieces.accept(new Piece.Vector(EmbeddingsForm.vector(answer.path("embedding"))));
            }
            long tokens = Fields.count(answer.path("inputTextTokenCount"));
            if (tokens > 0) {
                pieces.accept(new Piece.Spent(new Usage(tokens, 0, 0, 0, 0, false)));
            }
        }
    }
}
