package dev.sluice.format;

import dev.sluice.format.Conversation.Part;
import dev.sluice.format.Conversation.Reasoning;
import dev.sluice.format.Conversation.Role;
import dev.sluice.format.Conversation.Sampling;
import dev.sluice.format.Conversation.Tool;
import dev.sluice.format.Conversation.ToolChoice;
import dev.sluice.format.Conversation.Turn;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Cohere's chat, version 2, which only vendors speak. */
final class CohereForm implements Form {
    private static final Pattern THINKS = Pattern.compile("reasoning|command-a-[a-z]*think");

    @Override
    public byte[] write(Question question, ToolNames names, String model, List<String> quirks) {
        Conversation asked = (Conversation) question;
        ObjectNode body = Fields.object().put("model", model).put("stream", asked.stream());
        ArrayNode messages = body.putArray("messages");
        if (!asked.system().isEmpty()) {
            messages.addObject().put("role", "system").put("content", ChatForm.joined(asked.system()));
        }
        for (Turn turn : asked.turns()) {
            if (turn.role() == Role.USER) {
                user(turn, messages);
            } else {
                assistant(turn, names, messages);
            }
        }
        if (asked.maxTokens() != null) {
            body.put("max_tokens", asked.maxTokens());
        }
        sampling(asked, body);
        if (!asked.tools().isEmpty()) {
            tools(asked, names, body);
        }
        if (asked.output().json()) {
            ObjectNode format = body.putObject("response_format").put("type", "json_object");
            JsonNode schema = asked.output().schema();
            if (schema != null) {
                format.set("json_schema", schema);
            }
        }
        Reasoning.Effort effort = asked.reasoning().inWords();
        Long budget = asked.reasoning().inTokens();
        if (effort != null && budget != null && THINKS.matcher(model).find()) {
            ObjectNode thinking = body.putObject("thinking");
            thinking.put("type", effort == Reasoning.Effort.NONE ? "disabled" : "enabled");
            if (effort != Reasoning.Effort.NONE) {
                thinking.put("token_budget", budget);
            }
        }
        return Fields.bytes(body);
    }

    private static void sampling(Conversation asked, ObjectNode body) {
        Sampling sampling = asked.sampling();
        Double temperature = sampling.temperature();
        ChatForm.put(body, "temperature", temperature == null ? null : Double.valueOf(Math.min(1, temperature)));
        ChatForm.put(body, "p", sampling.topP());
        ChatForm.put(body, "presence_penalty", sampling.presencePenalty());
        ChatForm.put(body, "frequency_penalty", sampling.frequencyPenalty());
        if (sampling.topK() != null) {
            body.put("k", sampling.topK());
        }
        if (sampling.seed() != null) {
            body.put("seed", sampling.seed());
        }
        if (!asked.stop().isEmpty()) {
            ArrayNode stop = body.putArray("stop_sequences");
            asked.stop().forEach(stop::add);
        }
    }

    private static void tools(Conversation asked, ToolNames names, ObjectNode body) {
        ArrayNode tools = body.putArray("tools");
        ToolChoice choice = asked.toolChoice();
        for (Tool tool : asked.tools()) {
            if (choice.name() == null || choice.name().equals(tool.name())) {
                ChatForm.function(tool, names, tools); // one can be demanded only by offering no other
            }
        }
        if (choice.mode() != ToolChoice.Mode.AUTO) {
            body.put("tool_choice", choice.forced() ? "REQUIRED" : "NONE");
        }
    }

    private static void user(Turn turn, ArrayNode messages) {
        List<Part> rest = new ArrayList<>();
        for (Part part : turn.parts()) {
            if (part instanceof Part.Result result) {
                messages.addObject()
                        .put("role", "tool")
                        .put("tool_call_id", result.callId())
                        .put("content", (result.error() ? "Error: " : "") + result.text());
                result.content().stream()
                        .filter(shown -> !(shown instanceof Part.Text))
                        .forEach(rest::add);
            } else {
                rest.add(part);
            }
        }
        if (rest.isEmpty()) {
            return;
        }
        ObjectNode message = messages.addObject().put("role", "user");
        if (rest.size() == 1 && rest.getFirst() instanceof Part.Text only) {
            message.put("content", only.text());
            return;
        }
        ArrayNode content = message.putArray("content");
        for (Part part : rest) {
            switch (part) {
                case Part.Text text -> content.addObject().put("type", "text").put("text", text.text());
                case Part.Image image ->
                    content.addObject()
                            .put("type", "image_url")
                            .putObject("image_url")
                            .put("url", image.media().uri());
                case Part.Document document -> {
                    if (!document.media().is("text/") || document.media().base64() == null) {
                        throw Fields.inexpressible("messages", "it reads no documents but text");
                    }
                    content.addObject()
                            .put("type", "text")
                            .put("text", document.media().decoded());
                }
                case Part.Audio audio ->
                    throw Fields.inexpressible("messages", "it does not hear; leave the audio out");
                default -> throw Fields.wrong("messages", "has a user who does what only an assistant can");
            }
        }
    }

    private static void assistant(Turn turn, ToolNames names, ArrayNode messages) {
        StringBuilder text = new StringBuilder();
        ArrayNode calls = Fields.array();
        for (Part part : turn.parts()) {
            if (part instanceof Part.Text said) {
                text.append(said.text());
            } else if (part instanceof Part.Call call) {
                calls.addObject()
                        .put("id", call.id())
                        .put("type", "function")
                        .putObject("function")
                        .put("name", names.legal(call.name()))
                        .put("arguments", call.arguments());
            }
        }
        if (text.isEmpty() && calls.isEmpty()) {
            return;
        }
        ObjectNode message = messages.addObject().put("role", "assistant");
        if (!calls.isEmpty()) {
            message.set("tool_calls", calls);
            if (!text.isEmpty()) {
                message.put("tool_plan", text.toString()); // there cannot be both calls and content
            }
        } else {
            message.put("content", text.toString());
        }
    }

    /** Cohere's embeddings. */
    static final class Embeddings implements Form {
        @Override
        public byte[] write(Question question, ToolNames names, String model, List<String> quirks) {
            Texts asked = (Texts) question;
            ObjectNode body = Fields.object().put("model", model).put("input_type", purpose(asked));
            ArrayNode texts = body.putArray("texts");
            asked.texts().forEach(texts::add);
            body.putArray("embedding_types").add("float");
            if (asked.dimensions() != null) {
                body.put("output_dimension", asked.dimensions());
            }
            return Fields.bytes(body);
        }

        private static String purpose(Texts asked) {
            return switch (asked.purpose() == null ? "" : asked.purpose()) {
                case "RETRIEVAL_QUERY", "QUESTION_ANSWERING", "FACT_VERIFICATION", "CODE_RETRIEVAL_QUERY" ->
                    "search_query";
                case "CLASSIFICATION" -> "classification";
                case "CLUSTERING", "SEMANTIC_SIMILARITY" -> "clustering";
                default -> "search_document";
            };
        }
    }

    /** Reads them. */
    static final class EmbeddingsReader extends EmbeddingsForm.WholeReader {
        @Override
        void take(JsonNode answer, Consumer<Piece> pieces) {
            for (JsonNode each : answer.path("embeddings").path("float")) {
                pieces.accept(new Piece.Vector(EmbeddingsForm.vector(each)));
            }
            JsonNode units = answer.path("meta").path("billed_units").path("input_tokens");
            if (units.isNumber()) {
                pieces.accept(new Piece.Spent(new dev.sluice.wire.Usage(Fields.count(units), 0, 0, 0, 0, false)));
            }
        }
    }
}
