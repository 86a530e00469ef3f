package dev.sluice.format;

import dev.sluice.wire.Refusal;
import dev.sluice.wire.Usage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's embeddings: questions, and the answers, which are never streamed. */
final class EmbeddingsForm implements Form {

    @Override
    public Question read(byte[] body, boolean stream) {
        JsonNode ask = Fields.body(body);
        for (JsonNode each : ask.path("input")) {
            if (!each.isString()) {
                throw Fields.inexpressible("input", "send texts, not tokens");
            }
        }
        return new Texts(
                Fields.texts(ask, "input"),
                Fields.whole(ask, "dimensions"),
                null,
                null,
                ask.path("encoding_format").asString("").equals("base64"));
    }

    @Override
    public byte[] write(Question question, ToolNames names, String model, List<String> quirks) {
        Texts asked = (Texts) question;
        ObjectNode body = Fields.object().put("model", model);
        ArrayNode input = body.putArray("input");
        asked.texts().forEach(input::add);
        if (asked.dimensions() != null) {
            body.put("dimensions", asked.dimensions());
        }
        return Fields.bytes(body);
    }

    /** Reads vectors as numbers, or as the base64 that some vendors send unasked. */
    static final class Reader extends WholeReader {
        @Override
        void take(JsonNode answer, Consumer<Piece> pieces) {
            for (JsonNode each : answer.path("data")) {
                pieces.accept(new Piece.Vector(vector(each.path("embedding"))));
            }
            Usage usage = OpenAiUsage.of(answer.path("usage"), false);
            if (!usage.empty()) {
                pieces.accept(new Piece.Spent(usage));
            }
        }
    }

    static float[] vector(JsonNode node) {
        if (node.isString()) {
            ByteBuffer bytes =
                    ByteBuffer.wrap(Base64.getDecoder().decode(node.asString())).order(ByteOrder.LITTLE_ENDIAN);
            float[] values = new float[bytes.remaining() / Float.BYTES];
            bytes.asFloatBuffer().get(values);
            return values;
        }
        float[] values = new float[node.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = node.path(i).floatValue();
        }
        return values;
    }

    /** Writes vectors as the caller wants them. */
    static final class Writer extends WholeWriter {
        private final Heading heading;

        Writer(Heading heading) {
            this.heading = heading;
        }

        @Override
        public byte[] whole(List<Piece> pieces) {
            boolean base64 = heading.question() instanceof Texts texts && texts.base64();
            ObjectNode answer = Fields.object().put("object", "list");
            ArrayNode data = answer.putArray("data");
            long prompt = heading.promptEstimate();
            for (Piece piece : pieces) {
                if (piece instanceof Piece.Vector vector) {
                    ObjectNode entry =
                            data.addObject().put("object", "embedding").put("index", data.size() - 1);
                    if (base64) {
                        entry.put("embedding", base64(vector.values()));
                    } else {
                        ArrayNode numbers = entry.putArray("embedding");
                        for (float value : vector.values()) {
                            numbers.add(value);
                        }
                    }
                } else if (piece instanceof Piece.Spent spent) {
                    prompt = spent.usage().prompt();
                }
            }
            answer.put("model", heading.model())
                    .set("usage", Fields.object().put("prompt_tokens", prompt).put("total_tokens", prompt));
            return Fields.bytes(answer);
        }

        private static String base64(float[] values) {
            ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            return Base64.getEncoder().encodeToString(bytes.array());
        }
    }

    /** Reads what is never a stream. */
    abstract static class WholeReader implements AnswerReader {
        abstract void take(JsonNode answer, Consumer<Piece> pieces);

        @Override
        public void event(String name, byte[] data, int from, int to, Consumer<Piece> pieces) {
            pieces.accept(new Piece.Broken("a stream of what has none"));
        }

        @Override
        public void whole(byte[] bytes, Consumer<Piece> pieces) {
            try {
                boolean[] any = new boolean[1];
                take(Fields.tree(bytes, 0, bytes.length), piece -> {
                    any[0] |= piece instanceof Piece.Vector;
                    pieces.accept(piece);
                });
                if (!any[0]) {
                    pieces.accept(new Piece.Broken("an answer without an embedding"));
                }
            } catch (JacksonException | IllegalArgumentException e) {
                pieces.accept(new Piece.Broken("an answer that is not JSON"));
            }
        }

        @Override
        public boolean last() {
            return false;
        }

        @Override
        public boolean finished() {
            return false;
        }
    }

    /** Writes what is never a stream. */
    abstract static class WholeWriter implements AnswerWriter {
        @Override
        public void write(Piece piece, Events to) {
            // there is no stream
        }

        @Override
        public void end(Events to) {
            // there is no stream
        }

        @Override
        public void broken(Refusal refusal, Events to) {
            to.data(ChatWriter.error(refusal));
        }
    }
}
