package dev.sluice.testing;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** The OpenAI API as the scripted vendor speaks it when nobody scripted anything. */
final class OpenAi {
    static final String DONE = "data: [DONE]\n\n";

    private OpenAi() {}

    static Script answer(VendorCall call) {
        String path = call.path();
        if (call.method().equals("GET") && path.endsWith("/models")) {
            return Script.json(200, models("gpt-4o-mini", "text-embedding-3-small"));
        }
        if (!call.method().equals("POST")) {
            return notFound(call);
        }
        JsonNode ask = call.json();
        String model = ask.path("model").asString("gpt-4o-mini");
        boolean stream = ask.path("stream").asBoolean(false);
        boolean usage = ask.path("stream_options").path("include_usage").asBoolean(false);
        if (path.endsWith("/chat/completions")) {
            return stream ? stream(chatChunks(model, "Hello there!", usage), model, usage) : whole(model);
        }
        if (path.endsWith("/completions")) {
            return stream
                    ? stream(textChunks(model, "Hello there!"), model, usage)
                    : Script.json(200, text(model, "Hello there!", 9, 3));
        }
        if (path.endsWith("/embeddings")) {
            return Script.json(200, embedding(model, ask.path("encoding_format").asString("float"), 5));
        }
        return notFound(call);
    }

    private static Script whole(String model) {
        return Script.json(200, chat(model, "Hello there!", 9, 3));
    }

    private static Script notFound(VendorCall call) {
        return Script.json(
                404,
                ScriptedVendor.error(
                        "Invalid URL (" + call.method() + " " + call.path() + ")",
                        "invalid_request_error",
                        "unknown_url"));
    }

    private static Script stream(List<String> chunks, String model, boolean usage) {
        Script script = Script.events(chunks.toArray(String[]::new));
        return (usage ? script.send(usageChunk(model, 9, 3)) : script).send(DONE);
    }

    static String chat(String model, String text, int promptTokens, int completionTokens) {
        return ("{\"id\":\"chatcmpl-A1\",\"object\":\"chat.completion\",\"created\":1760000000,\"model\":%s,"
                        + "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":%s,\"refusal\":null},"
                        + "\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":%s,"
                        + "\"service_tier\":\"default\",\"system_fingerprint\":\"fp_x\"}")
                .formatted(Json.quote(model), Json.quote(text), usage(promptTokens, completionTokens));
    }

    static String text(String model, String text, int promptTokens, int completionTokens) {
        return ("{\"id\":\"cmpl-A1\",\"object\":\"text_completion\",\"created\":1760000000,\"model\":%s,"
                        + "\"choices\":[{\"text\":%s,\"index\":0,\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":%s}")
                .formatted(Json.quote(model), Json.quote(text), usage(promptTokens, completionTokens));
    }

    /** The vector 0.5, -0.25, as numbers or as the little-endian floats that official clients ask for. */
    static String embedding(String model, String encoding, int promptTokens) {
        byte[] floats = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(0.5f)
                .putFloat(-0.25f)
                .array();
        String vector =
                encoding.equals("base64") ? Json.quote(Base64.getEncoder().encodeToString(floats)) : "[0.5,-0.25]";
        return ("{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":%s}],"
                        + "\"model\":%s,\"usage\":{\"prompt_tokens\":%d,\"total_tokens\":%d}}")
                .formatted(vector, Json.quote(model), promptTokens, promptTokens);
    }

    static String models(String... ids) {
        List<String> entries = new ArrayList<>();
        for (String id : ids) {
            entries.add("{\"id\":" + Json.quote(id) + ",\"object\":\"model\",\"created\":1,\"owned_by\":\"scripted\"}");
        }
        return "{\"object\":\"list\",\"data\":[" + String.join(",", entries) + "]}";
    }

    /** One chunk a word, then the finish; neither the usage nor the end. */
    static List<String> chatChunks(String model, String text, boolean usage) {
        List<String> chunks = new ArrayList<>();
        chunks.add(chunk(model, "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}", "null", usage));
        for (String word : text.split("(?<= )")) {
            chunks.add(chunk(model, "{\"content\":" + Json.quote(word) + "}", "null", usage));
        }
        chunks.add(chunk(model, "{}", "\"stop\"", usage));
        return chunks;
    }

    private static List<String> textChunks(String model, String text) {
        List<String> chunks = new ArrayList<>();
        for (String word : text.split("(?<= )")) {
            chunks.add(("data: {\"id\":\"cmpl-A1\",\"object\":\"text_completion\",\"created\":1760000000,\"model\":%s,"
                            + "\"choices\":[{\"text\":%s,\"index\":0,\"logprobs\":null,\"finish_reason\":null}]}\n\n")
                    .formatted(Json.quote(model), Json.quote(word)));
        }
        return chunks;
    }

    private static String chunk(String model, String delta, String finish, boolean usage) {
        return ("data: {\"id\":\"chatcmpl-A1\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":%s,"
                        + "\"choices\":[{\"index\":0,\"delta\":%s,\"logprobs\":null,\"finish_reason\":%s}]%s}\n\n")
                .formatted(Json.quote(model), delta, finish, usage ? ",\"usage\":null" : "");
    }

    static String usageChunk(String model, int promptTokens, int completionTokens) {
        return ("data: {\"id\":\"chatcmpl-A1\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":%s,"
                        + "\"choices\":[],\"usage\":%s}\n\n")
                .formatted(Json.quote(model), usage(promptTokens, completionTokens));
    }

    private static String usage(int promptTokens, int completionTokens) {
        return ("{\"prompt_tokens\":%d,\"completion_tokens\":%d,\"total_tokens\":%d,"
                        + "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
                        + "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0}}")
                .formatted(promptTokens, completionTokens, promptTokens + completionTokens);
    }
}
