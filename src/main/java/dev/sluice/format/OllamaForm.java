package dev.sluice.format;

import dev.sluice.format.Conversation.Part;
import dev.sluice.format.Conversation.Reasoning;
import dev.sluice.format.Conversation.Role;
import dev.sluice.format.Conversation.Sampling;
import dev.sluice.format.Conversation.Tool;
import dev.sluice.format.Conversation.ToolChoice;
import dev.sluice.format.Conversation.Turn;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Ollama's chat, which only vendors speak. */
final class OllamaForm implements Form {

    @Override
    public byte[] write(Question question, ToolNames names, String model, List<String> quirks) {
        Conversation asked = (Conversation) question;
        ObjectNode body = Fields.object().put("model", model).put("stream", asked.stream());
        ArrayNode messages = body.putArray("messages");
        if (!asked.system().isEmpty()) {
            messages.addObject().put("role", "system").put("content", ChatForm.joined(asked.system()));
        }
        for (Turn turn : asked.turns()) {
            turn(turn, names, messages);
        }
        options(asked, body);
        if (asked.output().json()) {
            JsonNode schema = asked.output().schema();
            if (schema == null) {
                body.put("format", "json");
            } else {
                body.set("format", schema);
            }
        }
        if (!asked.tools().isEmpty() && asked.toolChoice().mode() != ToolChoice.Mode.NONE) {
            tools(asked, names, body); // a call cannot be demanded, only offered
        }
        Reasoning.Effort effort = asked.reasoning().inWords();
        if (effort != null) {
            body.put("think", effort != Reasoning.Effort.NONE);
        }
        return Fields.bytes(body);
    }

    private static void options(Conversation asked, ObjectNode body) {
        Sampling sampling = asked.sampling();
        ObjectNode options = Fields.object();
        ChatForm.put(options, "temperature", sampling.temperature());
        ChatForm.put(options, "top_p", sampling.topP());
        ChatForm.put(options, "presence_penalty", sampling.presencePenalty());
        ChatForm.put(options, "frequency_penalty", sampling.frequencyPenalty());
        put(options, "top_k", sampling.topK());
        put(options, "seed", sampling.seed());
        put(options, "num_predict", asked.maxTokens());
        if (!asked.stop().isEmpty()) {
            ArrayNode stop = options.putArray("stop");
            asked.stop().forEach(stop::add);
        }
        if (!options.isEmpty()) {
            body.set("options", options);
        }
    }

    private static void put(ObjectNode options, String name, @Nullable Long value) {
        if (value != null) {
            options.put(name, value);
        }
    }

    private static void tools(Conversation asked, ToolNames names, ObjectNode body) {
        ArrayNode tools = body.putArray("tools");
        String only = asked.toolChoice().name();
        for (Tool tool : asked.tools()) {
            if (only == null || only.equals(tool.name())) {
                ChatForm.function(tool, names, tools);
            }
        }
    }

    private static void turn(Turn turn, ToolNames names, ArrayNode messages) {
        StringBuilder text = new StringBuilder();
        ArrayNode images = Fields.array();
        ArrayNode calls = Fields.array();
        StringBuilder thoughts = new StringBuilder();
        for (Part part : turn.parts()) {
            switch (part) {
                case Part.Text said -> text.append(text.isEmpty() ? "" : "\n").append(said.text());
                case Part.Image image -> images.add(bytes(image.media()));
                case Part.Document document -> {
                    if (!document.media().is("text/") || document.media().base64() == null) {
                        throw Fields.inexpressible("messages", "it reads no documents but text");
                    }
                    text.append(text.isEmpty() ? "" : "\n")
                            .append(document.media().decoded());
                }
                case Part.Audio audio ->
                    throw Fields.inexpressible("messages", "it does not hear; leave the audio out");
                case Part.Call call ->
                    calls.addObject()
                            .putObject("function")
                            .put("name", names.legal(call.name()))
                            .set("arguments", Fields.arguments(call.arguments()));
                case Part.Result result -> {
                    messages.addObject()
                            .put("role", "tool")
                            .put("tool_name", names.legal(result.name()))
                            .put("content", (result.error() ? "Error: " : "") + result.text());
                    for (Part shown : result.content()) {
                        if (shown instanceof Part.Image image) {
                            images.add(bytes(image.media()));
                        }
                    }
                }
                case Part.Thinking thinking -> thoughts.append(thinking.text());
                case Part.Redacted redacted -> {
                    // only its maker can read it
                }
            }
        }
        if (text.isEmpty() && images.isEmpty() && calls.isEmpty()) {
            return;
        }
        ObjectNode message = messages.addObject()
                .put("role", turn.role() == Role.USER ? "user" : "assistant")
                .put("content", text.toString());
        if (!images.isEmpty()) {
            message.set("images", images);
        }
        if (!thoughts.isEmpty() && !calls.isEmpty()) {
            message.put("thinking", thoughts.toString());
        }
        if (!calls.isEmpty()) {
            message.set("tool_calls", calls);
        }
    }

    private static String bytes(Conversation.Media media) {
        if (media.base64() == null) {
            throw GeminiForm.linked("images");
        }
        return media.base64();
    }

    /** Reads its embeddings, which are asked for as OpenAI's are. */
    static final class EmbeddingsReader extends EmbeddingsForm.WholeReader {
        @Override
        void take(JsonNode answer, Consumer<Piece> pieces) {
            for (JsonNode each : answer.path("embeddings")) {
                pieces.accept(new Piece.Vector(EmbeddingsForm.vector(each)));
            }
            if (answer.path("prompt_eval_count").isNumber()) {
                pieces.accept(new Piece.Spent(OllamaReader.usage(answer)));
            }
        }
    }
}
