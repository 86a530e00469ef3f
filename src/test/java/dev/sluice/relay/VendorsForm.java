package dev.sluice.relay;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.format.Format;
import dev.sluice.testing.Json;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import software.amazon.eventstream.HeaderValue;
import software.amazon.eventstream.Message;
import tools.jackson.databind.JsonNode;

/** The forms in which vendors answer, as their documents show them. */
enum VendorsForm {
    OPENAI("openai-compatible") {
        private static final String HEAD =
                "\"id\":\"chatcmpl-A1\",\"created\":1760000000,\"model\":\"m\",\"system_fingerprint\":\"fp\"";
        private static final String USAGE =
                "\"usage\":{\"prompt_tokens\":120,\"completion_tokens\":15,\"total_tokens\":135,"
                        + "\"prompt_tokens_details\":{\"cached_tokens\":80},"
                        + "\"completion_tokens_details\":{\"reasoning_tokens\":%d}}";

        @Override
        String plain(Scene scene) {
            String message = switch (scene) {
                case TEXT, LENGTH, FILTERED -> "\"content\":" + Json.quote(scene.heard.text());
                case THINKING -> "\"content\":\"Four.\",\"reasoning_content\":\"Two and two.\"";
                case TOOLS ->
                    "\"content\":\"Let me look.\",\"tool_calls\":[{\"id\":\"call_a\",\"type\":\"function\",\"function\":"
                            + "{\"name\":\"get_time\",\"arguments\":\"{\\\"zone\\\": \\\"UTC\\\"}\"}},{\"id\":\"call_b\","
                            + "\"type\":\"function\",\"function\":{\"name\":\"get_place\",\"arguments\":\"\"}}]";
            };
            return "{%s,\"object\":\"chat.completion\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",%s,\"refusal\":null},\"finish_reason\":\"%s\"}],%s}"
                    .formatted(HEAD, message, finish(scene), USAGE.formatted(scene == Scene.THINKING ? 5 : 0));
        }

        private String finish(Scene scene) {
            return switch (scene) {
                case TEXT, THINKING -> "stop";
                case TOOLS -> "tool_calls";
                case LENGTH -> "length";
                case FILTERED -> "content_filter";
            };
        }

        @Override
        List<byte[]> events(Scene scene) {
            List<String> deltas = new ArrayList<>();
            deltas.add("{\"role\":\"assistant\",\"content\":\"\"}");
            if (scene == Scene.THINKING) {
                deltas.add("{\"reasoning_content\":\"Two \"}");
                deltas.add("{\"reasoning_content\":\"and two.\"}");
            }
            halves(scene.heard.text()).forEach(half -> deltas.add("{\"content\":" + Json.quote(half) + "}"));
            if (scene == Scene.TOOLS) {
                deltas.add(
                        "{\"tool_calls\":[{\"index\":0,\"id\":\"call_a\",\"type\":\"function\",\"function\":{\"name\":\"get_time\",\"arguments\":\"\"}}]}");
                deltas.add("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"zone\\\":\"}}]}");
                deltas.add("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\" \\\"UTC\\\"}\"}}]}");
                deltas.add(
                        "{\"tool_calls\":[{\"index\":1,\"id\":\"call_b\",\"type\":\"function\",\"function\":{\"name\":\"get_place\",\"arguments\":\"\"}}]}");
            }
            List<String> events = new ArrayList<>();
            for (String delta : deltas) {
                events.add(
                        "{%s,\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":%s,\"finish_reason\":null}],\"usage\":null}"
                                .formatted(HEAD, delta));
            }
            events.add("{%s,\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"%s\"}],\"usage\":null}"
                    .formatted(HEAD, finish(scene)));
            events.add("{%s,\"choices\":[],%s}".formatted(HEAD, USAGE.formatted(scene == Scene.THINKING ? 5 : 0)));
            events.add("[DONE]");
            return events.stream()
                    .map(each -> ("data: " + each + "\n\n").getBytes(UTF_8))
                    .toList();
        }

        @Override
        String expectedAsk(boolean stream) {
            return """
                    {"model":"m","messages":[
                      {"role":"system","content":"Be brief."},
                      {"role":"user","content":[{"type":"text","text":"What is here?"},
                        {"type":"image_url","image_url":{"url":"data:image/png;base64,aW1n"}}]},
                      {"role":"assistant","content":"Let me see.","tool_calls":[
                        {"id":"ID","type":"function","function":{"name":"get_time","arguments":"{\\"zone\\":\\"UTC\\"}"}},
                        {"id":"ID","type":"function","function":{"name":"get_place","arguments":"{}"}}]},
                      {"role":"tool","tool_call_id":"ID","content":"noon"},
                      {"role":"tool","tool_call_id":"ID","content":"here"},
                      {"role":"user","content":"And now?"}],
                     %s"max_tokens":500,"temperature":0.5,"stop":["END"],
                     "tools":[
                      {"type":"function","function":{"name":"get_time","description":"The time.","parameters":
                        {"type":"object","properties":{"zone":{"type":"string"}},"required":["zone"]}}},
                      {"type":"function","function":{"name":"get_place","parameters":{"type":"object","properties":{}}}}],
                     "tool_choice":"required"}""".formatted(stream ? "\"stream\":true,\"stream_options\":{\"include_usage\":true}," : "");
        }

        @Override
        String error(String message) {
            return "{\"error\":{\"message\":\"" + message
                    + "\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":null}}";
        }

        @Override
        byte[] errorEvent() {
            return "data: {\"error\":{\"message\":\"boom at https://vendor.example\",\"type\":\"server_error\"}}\n\n"
                    .getBytes(UTF_8);
        }
    },

    /** OpenAI's form with filters' findings beside it: in a first event without choices, in each choice, and at the end. */
    AZURE("azure") {
        private static final String FOUND =
                "\"content_filter_results\":{\"hate\":{\"filtered\":false,\"severity\":\"safe\"}}";

        @Override
        String plain(Scene scene) {
            return OPENAI.plain(scene).replace("{\"index\":0,", "{" + FOUND + ",\"index\":0,");
        }

        @Override
        List<byte[]> events(Scene scene) {
            List<byte[]> events = new ArrayList<>();
            events.add(
                    "data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\",\"prompt_filter_results\":[{\"prompt_index\":0}]}\n\n"
                            .getBytes(UTF_8));
            for (byte[] event : OPENAI.events(scene)) {
                events.add(new String(event, UTF_8)
                        .replace("{\"index\":0,\"delta\"", "{" + FOUND + ",\"index\":0,\"delta\"")
                        .getBytes(UTF_8));
            }
            return events;
        }

        @Override
        String expectedAsk(boolean stream) {
            return OPENAI.expectedAsk(stream);
        }

        @Override
        String error(String message) {
            return OPENAI.error(message);
        }

        @Override
        byte[] errorEvent() {
            return OPENAI.errorEvent();
        }
    },

    OPENAI_RESPONSES("openai") {
        private static final String USAGE =
                "\"usage\":{\"input_tokens\":120,\"input_tokens_details\":{\"cached_tokens\":80},\"output_tokens\":15,"
                        + "\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":135}";

        @Override
        String channel(ScriptedVendor server) {
            return "{\"vendor\":\"openai\",\"base_url\":\"%s\",\"options\":{\"api\":\"responses\"}}"
                    .formatted(server.baseUrl());
        }

        private String message(Scene scene) {
            return "{\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":%s,\"annotations\":[]}]}"
                    .formatted(Json.quote(scene.heard.text()));
        }

        private String call(String id, String name, String arguments) {
            return "{\"id\":\"fc_%s\",\"type\":\"function_call\",\"status\":\"completed\",\"call_id\":\"call_%s\",\"name\":\"%s\",\"arguments\":%s}"
                    .formatted(id, id, name, Json.quote(arguments));
        }

        @Override
        String plain(Scene scene) {
            String output = switch (scene) {
                case TEXT, LENGTH, FILTERED -> message(scene);
                case THINKING ->
                    "{\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"Two and two.\"}]},"
                            + message(scene);
                case TOOLS ->
                    message(scene) + "," + call("a", "get_time", "{\"zone\": \"UTC\"}") + ","
                            + call("b", "get_place", "{}");
            };
            String why = switch (scene) {
                case LENGTH -> "{\"reason\":\"max_output_tokens\"}";
                case FILTERED -> "{\"reason\":\"content_filter\"}";
                default -> "null";
            };
            return "{\"id\":\"resp_1\",\"object\":\"response\",\"created_at\":1,\"status\":\"%s\",\"error\":null,\"incomplete_details\":%s,\"model\":\"m\",\"output\":[%s],%s}"
                    .formatted(why.equals("null") ? "completed" : "incomplete", why, output, USAGE);
        }

        @Override
        List<byte[]> events(Scene scene) {
            List<String> events = new ArrayList<>();
            events.add(
                    "{\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\",\"status\":\"in_progress\",\"output\":[]}");
            int item = 0;
            if (scene == Scene.THINKING) {
                events.add(
                        "{\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[]}");
                events.add(
                        "{\"type\":\"response.reasoning_summary_text.delta\",\"output_index\":0,\"summary_index\":0,\"delta\":\"Two \"");
                events.add(
                        "{\"type\":\"response.reasoning_summary_text.delta\",\"output_index\":0,\"summary_index\":0,\"delta\":\"and two.\"");
                item++;
            }
            events.add("{\"type\":\"response.output_item.added\",\"output_index\":" + item
                    + ",\"item\":{\"id\":\"msg_1\",\"type\":\"message\",\"content\":[]}");
            for (String half : halves(scene.heard.text())) {
                events.add("{\"type\":\"response.output_text.delta\",\"output_index\":" + item
                        + ",\"content_index\":0,\"delta\":" + Json.quote(half));
            }
            events.add("{\"type\":\"response.output_text.done\",\"output_index\":" + item + ",\"text\":"
                    + Json.quote(scene.heard.text()));
            events.add(
                    "{\"type\":\"response.output_item.done\",\"output_index\":" + item + ",\"item\":" + message(scene));
            if (scene == Scene.TOOLS) {
                events.add(
                        "{\"type\":\"response.output_item.added\",\"output_index\":1,\"item\":{\"id\":\"fc_a\",\"type\":\"function_call\",\"call_id\":\"call_a\",\"name\":\"get_time\",\"arguments\":\"\"}");
                events.add(
                        "{\"type\":\"response.function_call_arguments.delta\",\"output_index\":1,\"delta\":\"{\\\"zone\\\":\"");
                events.add(
                        "{\"type\":\"response.function_call_arguments.delta\",\"output_index\":1,\"delta\":\" \\\"UTC\\\"}\"");
                events.add("{\"type\":\"response.output_item.done\",\"output_index\":1,\"item\":"
                        + call("a", "get_time", "{\"zone\": \"UTC\"}"));
                events.add(
                        "{\"type\":\"response.output_item.added\",\"output_index\":2,\"item\":{\"id\":\"fc_b\",\"type\":\"function_call\",\"call_id\":\"call_b\",\"name\":\"get_place\",\"arguments\":\"\"}");
                events.add("{\"type\":\"response.output_item.done\",\"output_index\":2,\"item\":"
                        + call("b", "get_place", "{}"));
            }
            String whole = plain(scene);
            events.add("{\"type\":\"response.%s\",\"response\":%s"
                    .formatted(whole.contains("\"incomplete\"") ? "incomplete" : "completed", whole));
            List<byte[]> bytes = new ArrayList<>();
            for (int i = 0; i < events.size(); i++) {
                String type = Json.read(events.get(i) + "}").path("type").asString();
                bytes.add(("event: " + type + "\ndata: " + events.get(i) + ",\"sequence_number\":" + i + "}\n\n")
                        .getBytes(UTF_8));
            }
            return bytes;
        }

        @Override
        String expectedAsk(boolean stream) {
            return """
                    {"model":"m","store":false,"instructions":"Be brief.",
                     "input":[
                      {"type":"message","role":"user","content":[{"type":"input_text","text":"What is here?"},
                        {"type":"input_image","image_url":"data:image/png;base64,aW1n"}]},
                      {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Let me see."}]},
                      {"type":"function_call","call_id":"ID","name":"get_time","arguments":"{\\"zone\\":\\"UTC\\"}"},
                      {"type":"function_call","call_id":"ID","name":"get_place","arguments":"{}"},
                      {"type":"function_call_output","call_id":"ID","output":"noon"},
                      {"type":"function_call_output","call_id":"ID","output":"here"},
                      {"type":"message","role":"user","content":[{"type":"input_text","text":"And now?"}]}],
                     %s"max_output_tokens":500,"temperature":0.5,
                     "tools":[
                      {"type":"function","name":"get_time","description":"The time.","parameters":
                        {"type":"object","properties":{"zone":{"type":"string"}},"required":["zone"]},"strict":false},
                      {"type":"function","name":"get_place","parameters":{"type":"object","properties":{}},"strict":false}],
                     "tool_choice":"required"}""".formatted(stream ? "\"stream\":true," : "");
        }

        @Override
        String error(String message) {
            return OPENAI.error(message);
        }

        @Override
        byte[] errorEvent() {
            return "event: error\ndata: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"boom at https://vendor.example\",\"sequence_number\":9}\n\n"
                    .getBytes(UTF_8);
        }
    },

    ANTHROPIC("anthropic") {
        private static final String USAGE = "{\"input_tokens\":40,\"cache_creation_input_tokens\":0,"
                + "\"cache_read_input_tokens\":80,\"output_tokens\":%d,\"service_tier\":\"standard\"}";

        @Override
        String plain(Scene scene) {
            String text = "{\"type\":\"text\",\"text\":" + Json.quote(scene.heard.text()) + "}";
            String content = switch (scene) {
                case TEXT, LENGTH, FILTERED -> text;
                case THINKING -> "{\"type\":\"thinking\",\"thinking\":\"Two and two.\",\"signature\":\"c2ln\"}," + text;
                case TOOLS ->
                    text
                            + ",{\"type\":\"tool_use\",\"id\":\"toolu_a\",\"name\":\"get_time\",\"input\":{\"zone\":\"UTC\"}},"
                            + "{\"type\":\"tool_use\",\"id\":\"toolu_b\",\"name\":\"get_place\",\"input\":{}}";
            };
            return "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[%s],\"stop_reason\":\"%s\",\"stop_sequence\":null,\"usage\":%s}"
                    .formatted(content, stop(scene), USAGE.formatted(15));
        }

        private String stop(Scene scene) {
            return switch (scene) {
                case TEXT, THINKING -> "end_turn";
                case TOOLS -> "tool_use";
                case LENGTH -> "max_tokens";
                case FILTERED -> "refusal";
            };
        }

        private byte[] event(String name, String fields) {
            return ("event: " + name + "\ndata: {\"type\":\"" + name + "\"" + fields + "}\n\n").getBytes(UTF_8);
        }

        private void block(List<byte[]> events, int index, String start, List<String> deltas) {
            events.add(event("content_block_start", ",\"index\":" + index + ",\"content_block\":" + start));
            deltas.forEach(
                    delta -> events.add(event("content_block_delta", ",\"index\":" + index + ",\"delta\":" + delta)));
            events.add(event("content_block_stop", ",\"index\":" + index));
        }

        @Override
        List<byte[]> events(Scene scene) {
            List<byte[]> events = new ArrayList<>();
            events.add(event(
                    "message_start",
                    ",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"usage\":"
                            + USAGE.formatted(1) + "}"));
            events.add(event("ping", ""));
            int index = 0;
            if (scene == Scene.THINKING) {
                block(
                        events,
                        index++,
                        "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}",
                        List.of(
                                "{\"type\":\"thinking_delta\",\"thinking\":\"Two \"}",
                                "{\"type\":\"thinking_delta\",\"thinking\":\"and two.\"}",
                                "{\"type\":\"signature_delta\",\"signature\":\"c2ln\"}"));
            }
            block(
                    events,
                    index++,
                    "{\"type\":\"text\",\"text\":\"\"}",
                    halves(scene.heard.text()).stream()
                            .map(half -> "{\"type\":\"text_delta\",\"text\":" + Json.quote(half) + "}")
                            .toList());
            if (scene == Scene.TOOLS) {
                block(
                        events,
                        index++,
                        "{\"type\":\"tool_use\",\"id\":\"toolu_a\",\"name\":\"get_time\",\"input\":{}}",
                        List.of(
                                "{\"type\":\"input_json_delta\",\"partial_json\":\"\"}",
                                "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"zone\\\":\"}",
                                "{\"type\":\"input_json_delta\",\"partial_json\":\" \\\"UTC\\\"}\"}"));
                block(
                        events,
                        index,
                        "{\"type\":\"tool_use\",\"id\":\"toolu_b\",\"name\":\"get_place\",\"input\":{}}",
                        List.of("{\"type\":\"input_json_delta\",\"partial_json\":\"\"}"));
            }
            events.add(event(
                    "message_delta",
                    ",\"delta\":{\"stop_reason\":\"" + stop(scene)
                            + "\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":15}"));
            events.add(event("message_stop", ""));
            return events;
        }

        @Override
        String expectedAsk(boolean stream) {
            return """
                    {"model":"m","max_tokens":500,
                     "system":[{"type":"text","text":"Be brief."}],
                     "messages":[
                      {"role":"user","content":[{"type":"text","text":"What is here?"},
                        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"aW1n"}}]},
                      {"role":"assistant","content":[{"type":"text","text":"Let me see."},
                        {"type":"tool_use","id":"ID","name":"get_time","input":{"zone":"UTC"}},
                        {"type":"tool_use","id":"ID","name":"get_place","input":{}}]},
                      {"role":"user","content":[
                        {"type":"tool_result","tool_use_id":"ID","content":[{"type":"text","text":"noon"}]},
                        {"type":"tool_result","tool_use_id":"ID","content":[{"type":"text","text":"here"}]},
                        {"type":"text","text":"And now?"}]}],
                     %s"stop_sequences":["END"],"temperature":0.5,
                     "tools":[
                      {"name":"get_time","description":"The time.","input_schema":
                        {"type":"object","properties":{"zone":{"type":"string"}},"required":["zone"]}},
                      {"name":"get_place","input_schema":{"type":"object","properties":{}}}],
                     "tool_choice":{"type":"any"}}""".formatted(stream ? "\"stream\":true," : "");
        }

        @Override
        String error(String message) {
            return "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"" + message
                    + "\"},\"request_id\":\"req_1\"}";
        }

        @Override
        byte[] errorEvent() {
            return "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"boom at https://vendor.example\"}}\n\n"
                    .getBytes(UTF_8);
        }
    },

    GEMINI("gemini") {
        private static final String TAIL = "\"modelVersion\":\"m\",\"responseId\":\"r1\"";

        private String usage(Scene scene) {
            return scene == Scene.THINKING
                    ? "\"usageMetadata\":{\"promptTokenCount\":120,\"cachedContentTokenCount\":80,\"candidatesTokenCount\":10,\"thoughtsTokenCount\":5,\"totalTokenCount\":135}"
                    : "\"usageMetadata\":{\"promptTokenCount\":120,\"cachedContentTokenCount\":80,\"candidatesTokenCount\":15,\"totalTokenCount\":135}";
        }

        private String reason(Scene scene) {
            return switch (scene) {
                case TEXT, THINKING, TOOLS -> "STOP";
                case LENGTH -> "MAX_TOKENS";
                case FILTERED -> "SAFETY";
            };
        }

        private String calls() {
            return "{\"functionCall\":{\"name\":\"get_time\",\"args\":{\"zone\":\"UTC\"}},\"thoughtSignature\":\"c2ln\"},{\"functionCall\":{\"name\":\"get_place\"}}";
        }

        @Override
        String plain(Scene scene) {
            String text = "{\"text\":" + Json.quote(scene.heard.text()) + "}";
            String parts = switch (scene) {
                case TEXT, LENGTH, FILTERED -> text;
                case THINKING -> "{\"text\":\"Two and two.\",\"thought\":true}," + text;
                case TOOLS -> text + "," + calls();
            };
            return "{\"candidates\":[{\"content\":{\"parts\":[%s],\"role\":\"model\"},\"finishReason\":\"%s\",\"index\":0}],%s,%s}"
                    .formatted(parts, reason(scene), usage(scene), TAIL);
        }

        @Override
        List<byte[]> events(Scene scene) {
            List<String> parts = new ArrayList<>();
            if (scene == Scene.THINKING) {
                parts.add("{\"text\":\"Two \",\"thought\":true}");
                parts.add("{\"text\":\"and two.\",\"thought\":true}");
            }
            halves(scene.heard.text()).forEach(half -> parts.add("{\"text\":" + Json.quote(half) + "}"));
            if (scene == Scene.TOOLS) {
                parts.add(calls());
            }
            List<byte[]> events = new ArrayList<>();
            for (String part : parts) {
                events.add(
                        ("data: {\"candidates\":[{\"content\":{\"parts\":[%s],\"role\":\"model\"},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":120,\"totalTokenCount\":120},%s}\r\n\r\n")
                                .formatted(part, TAIL)
                                .getBytes(UTF_8));
            }
            events.add(
                    ("data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},\"finishReason\":\"%s\",\"index\":0}],%s,%s}\r\n\r\n")
                            .formatted(reason(scene), usage(scene), TAIL)
                            .getBytes(UTF_8));
            return events;
        }

        @Override
        String expectedAsk(boolean stream) {
            return """
                    {"systemInstruction":{"parts":[{"text":"Be brief."}]},
                     "contents":[
                      {"role":"user","parts":[{"text":"What is here?"},{"inlineData":{"mimeType":"image/png","data":"aW1n"}}]},
                      {"role":"model","parts":[{"text":"Let me see."},
                        {"functionCall":{"name":"get_time","args":{"zone":"UTC"}}},{"functionCall":{"name":"get_place","args":{}}}]},
                      {"role":"user","parts":[
                        {"functionResponse":{"name":"get_time","response":{"output":"noon"}}},
                        {"functionResponse":{"name":"get_place","response":{"output":"here"}}},
                        {"text":"And now?"}]}],
                     "tools":[{"functionDeclarations":[
                      {"name":"get_time","description":"The time.","parametersJsonSchema":
                        {"type":"object","properties":{"zone":{"type":"string"}},"required":["zone"]}},
                      {"name":"get_place"}]}],
                     "toolConfig":{"functionCallingConfig":{"mode":"ANY"}},
                     "generationConfig":{"temperature":0.5,"maxOutputTokens":500,"stopSequences":["END"]}}""";
        }

        @Override
        String error(String message) {
            return "{\"error\":{\"code\":400,\"message\":\"" + message + "\",\"status\":\"INVALID_ARGUMENT\"}}";
        }

        @Override
        byte[] errorEvent() {
            return "data: {\"error\":{\"code\":503,\"message\":\"boom at https://vendor.example\",\"status\":\"UNAVAILABLE\"}}\n\n"
                    .getBytes(UTF_8);
        }
    },

    BEDROCK("bedrock") {
        private static final String USAGE =
                "\"usage\":{\"inputTokens\":40,\"outputTokens\":15,\"totalTokens\":135,\"cacheReadInputTokens\":80,\"cacheWriteInputTokens\":0}";

        @Override
        String channel(ScriptedVendor server) {
            return "{\"vendor\":\"bedrock\",\"base_url\":\"%s\",\"keys\":[\"AKIDEXAMPLE:secret\"]}"
                    .formatted(server.url());
        }

        private String stop(Scene scene) {
            return switch (scene) {
                case TEXT, THINKING -> "end_turn";
                case TOOLS -> "tool_use";
                case LENGTH -> "max_tokens";
                case FILTERED -> "content_filtered";
            };
        }

        @Override
        String plain(Scene scene) {
            String text = "{\"text\":" + Json.quote(scene.heard.text()) + "}";
            String content = switch (scene) {
                case TEXT, LENGTH, FILTERED -> text;
                case THINKING ->
                    "{\"reasoningContent\":{\"reasoningText\":{\"text\":\"Two and two.\",\"signature\":\"c2ln\"}}},"
                            + text;
                case TOOLS ->
                    text
                            + ",{\"toolUse\":{\"toolUseId\":\"tooluse_a\",\"name\":\"get_time\",\"input\":{\"zone\":\"UTC\"}}},"
                            + "{\"toolUse\":{\"toolUseId\":\"tooluse_b\",\"name\":\"get_place\",\"input\":{}}}";
            };
            return "{\"output\":{\"message\":{\"role\":\"assistant\",\"content\":[%s]}},\"stopReason\":\"%s\",%s,\"metrics\":{\"latencyMs\":9}}"
                    .formatted(content, stop(scene), USAGE);
        }

        private byte[] event(String type, String payload) {
            return frame("event", Map.of(":event-type", type, ":content-type", "application/json"), payload);
        }

        private byte[] frame(String kind, Map<String, String> more, String payload) {
            Map<String, HeaderValue> headers = new LinkedHashMap<>();
            headers.put(":message-type", HeaderValue.fromString(kind));
            more.forEach((name, value) -> headers.put(name, HeaderValue.fromString(value)));
            ByteBuffer bytes = new Message(headers, payload.getBytes(UTF_8)).toByteBuffer();
            byte[] frame = new byte[bytes.remaining()];
            bytes.get(frame);
            return frame;
        }

        private byte[] delta(int index, String delta) {
            return event(
                    "contentBlockDelta", "{\"contentBlockIndex\":" + index + ",\"delta\":" + delta + ",\"p\":\"abc\"}");
        }

        private byte[] end(int index) {
            return event("contentBlockStop", "{\"contentBlockIndex\":" + index + "}");
        }

        private byte[] tool(int index, String id, String name) {
            return event(
                    "contentBlockStart",
                    "{\"contentBlockIndex\":%d,\"start\":{\"toolUse\":{\"toolUseId\":\"%s\",\"name\":\"%s\"}}}"
                            .formatted(index, id, name));
        }

        @Override
        List<byte[]> events(Scene scene) {
            List<byte[]> events = new ArrayList<>();
            events.add(event("messageStart", "{\"role\":\"assistant\"}"));
            int index = 0;
            if (scene == Scene.THINKING) {
                events.add(delta(index, "{\"reasoningContent\":{\"text\":\"Two \"}}"));
                events.add(delta(index, "{\"reasoningContent\":{\"text\":\"and two.\"}}"));
                events.add(delta(index, "{\"reasoningContent\":{\"signature\":\"c2ln\"}}"));
                events.add(end(index++));
            }
            for (String half : halves(scene.heard.text())) {
                events.add(delta(index, "{\"text\":" + Json.quote(half) + "}"));
            }
            events.add(end(index++));
            if (scene == Scene.TOOLS) {
                events.add(tool(index, "tooluse_a", "get_time"));
                events.add(delta(index, "{\"toolUse\":{\"input\":\"{\\\"zone\\\":\"}}"));
                events.add(delta(index, "{\"toolUse\":{\"input\":\" \\\"UTC\\\"}\"}}"));
                events.add(end(index++));
                events.add(tool(index, "tooluse_b", "get_place"));
                events.add(end(index));
            }
            events.add(event("messageStop", "{\"stopReason\":\"" + stop(scene) + "\"}"));
            events.add(event("metadata", "{" + USAGE + ",\"metrics\":{\"latencyMs\":9}}"));
            return events;
        }

        @Override
        String streamType() {
            return "application/vnd.amazon.eventstream";
        }

        @Override
        String expectedAsk(boolean stream) {
            return """
                    {"system":[{"text":"Be brief."}],
                     "messages":[
                      {"role":"user","content":[{"text":"What is here?"},{"image":{"format":"png","source":{"bytes":"aW1n"}}}]},
                      {"role":"assistant","content":[{"text":"Let me see."},
                        {"toolUse":{"toolUseId":"ID","name":"get_time","input":{"zone":"UTC"}}},
                        {"toolUse":{"toolUseId":"ID","name":"get_place","input":{}}}]},
                      {"role":"user","content":[
                        {"toolResult":{"toolUseId":"ID","content":[{"text":"noon"}]}},
                        {"toolResult":{"toolUseId":"ID","content":[{"text":"here"}]}},
                        {"text":"And now?"}]}],
                     "inferenceConfig":{"maxTokens":500,"temperature":0.5,"stopSequences":["END"]},
                     "toolConfig":{"tools":[
                      {"toolSpec":{"name":"get_time","description":"The time.","inputSchema":{"json":
                        {"type":"object","properties":{"zone":{"type":"string"}},"required":["zone"]}}}},
                      {"toolSpec":{"name":"get_place","inputSchema":{"json":{"type":"object","properties":{}}}}}],
                      "toolChoice":{"any":{}}}}""";
        }

        @Override
        String error(String message) {
            return "{\"message\":\"" + message + "\"}";
        }

        @Override
        byte[] errorEvent() {
            return frame(
                    "exception",
                    Map.of(":exception-type", "throttlingException", ":content-type", "application/json"),
                    "{\"message\":\"boom at https://vendor.example\"}");
        }
    },

    VERTEX_CLAUDE("vertex") {
        @Override
        String channel(ScriptedVendor server) {
            return "{\"vendor\":\"vertex\",\"base_url\":\"%s\",\"keys\":[\"an-api-key\"],\"model_mapping\":{\"m\":\"claude-x@1\"}}"
                    .formatted(server.url());
        }

        @Override
        String plain(Scene scene) {
            return ANTHROPIC.plain(scene);
        }

        @Override
        List<byte[]> events(Scene scene) {
            return ANTHROPIC.events(scene);
        }

        @Override
        String expectedAsk(boolean stream) {
            return ANTHROPIC
                    .expectedAsk(stream)
                    .replace("\"model\":\"m\"", "\"anthropic_version\":\"vertex-2023-10-16\"");
        }

        @Override
        String error(String message) {
            return GEMINI.error(message);
        }

        @Override
        byte[] errorEvent() {
            return ANTHROPIC.errorEvent();
        }
    },

    VERTEX_GEMINI("vertex") {
        @Override
        String channel(ScriptedVendor server) {
            return "{\"vendor\":\"vertex\",\"base_url\":\"%s\",\"keys\":[\"an-api-key\"]}".formatted(server.url());
        }

        @Override
        String plain(Scene scene) {
            return GEMINI.plain(scene);
        }

        @Override
        List<byte[]> events(Scene scene) {
            return GEMINI.events(scene);
        }

        @Override
        String expectedAsk(boolean stream) {
            return GEMINI.expectedAsk(stream);
        }

        @Override
        String error(String message) {
            return GEMINI.error(message);
        }

        @Override
        byte[] errorEvent() {
            return GEMINI.errorEvent();
        }
    },

    COHERE("cohere") {
        private static final String USAGE =
                "\"usage\":{\"billed_units\":{\"input_tokens\":9,\"output_tokens\":9},\"tokens\":{\"input_tokens\":120,\"output_tokens\":15},\"cached_tokens\":80}";

        private String finish(Scene scene) {
            return switch (scene) {
                case TEXT, THINKING -> "COMPLETE";
                case TOOLS -> "TOOL_CALL";
                case LENGTH -> "MAX_TOKENS";
                case FILTERED -> "ERROR_TOXIC";
            };
        }

        @Override
        String plain(Scene scene) {
            String text = "{\"type\":\"text\",\"text\":" + Json.quote(scene.heard.text()) + "}";
            String message = switch (scene) {
                case TEXT, LENGTH, FILTERED -> "\"content\":[" + text + "]";
                case THINKING -> "\"content\":[{\"type\":\"thinking\",\"thinking\":\"Two and two.\"}," + text + "]";
                case TOOLS ->
                    "\"tool_plan\":\"Let me look.\",\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"get_time\",\"arguments\":\"{\\\"zone\\\":\\\"UTC\\\"}\"}},"
                            + "{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"get_place\",\"arguments\":\"{}\"}}]";
            };
            return "{\"id\":\"c1\",\"finish_reason\":\"%s\",\"message\":{\"role\":\"assistant\",%s},%s}"
                    .formatted(finish(scene), message, USAGE);
        }

        private byte[] event(String type, String fields) {
            return ("event: " + type + "\r\ndata: {\"type\":\"" + type + "\"" + fields + "}\r\n\r\n").getBytes(UTF_8);
        }

        private byte[] message(String type, String message) {
            return event(type, ",\"index\":0,\"delta\":{\"message\":" + message + "}");
        }

        @Override
        List<byte[]> events(Scene scene) {
            List<byte[]> events = new ArrayList<>();
            events.add(event("message-start", ",\"id\":\"c1\",\"delta\":{\"message\":{\"role\":\"assistant\"}}"));
            if (scene == Scene.THINKING) {
                events.add(message("content-start", "{\"content\":{\"type\":\"thinking\",\"thinking\":\"\"}}"));
                events.add(message("content-delta", "{\"content\":{\"thinking\":\"Two and two.\"}}"));
                events.add(event("content-end", ",\"index\":0"));
            }
            if (scene == Scene.TOOLS) {
                events.add(message("tool-plan-delta", "{\"tool_plan\":\"Let me look.\"}"));
                events.add(
                        message(
                                "tool-call-start",
                                "{\"tool_calls\":{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"get_time\",\"arguments\":\"\"}}}"));
                events.add(message(
                        "tool-call-delta", "{\"tool_calls\":{\"function\":{\"arguments\":\"{\\\"zone\\\":\"}}}"));
                events.add(
                        message("tool-call-delta", "{\"tool_calls\":{\"function\":{\"arguments\":\"\\\"UTC\\\"}\"}}}"));
                events.add(event("tool-call-end", ",\"index\":0"));
                events.add(
                        message(
                                "tool-call-start",
                                "{\"tool_calls\":{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"get_place\",\"arguments\":\"\"}}}"));
                events.add(event("tool-call-end", ",\"index\":1"));
            } else {
                events.add(message("content-start", "{\"content\":{\"type\":\"text\",\"text\":\"\"}}"));
                for (String half : halves(scene.heard.text())) {
                    events.add(message("content-delta", "{\"content\":{\"text\":" + Json.quote(half) + "}}"));
                }
                events.add(event("content-end", ",\"index\":0"));
            }
            events.add(event("message-end", ",\"delta\":{\"finish_reason\":\"" + finish(scene) + "\"," + USAGE + "}"));
            return events;
        }

        @Override
        String expectedAsk(boolean stream) {
            return """
                    {"model":"m","stream":%b,"messages":[
                      {"role":"system","content":"Be brief."},
                      {"role":"user","content":[{"type":"text","text":"What is here?"},
                        {"type":"image_url","image_url":{"url":"data:image/png;base64,aW1n"}}]},
                      {"role":"assistant","tool_calls":[
                        {"id":"ID","type":"function","function":{"name":"get_time","arguments":"{\\"zone\\":\\"UTC\\"}"}},
                        {"id":"ID","type":"function","function":{"name":"get_place","arguments":"{}"}}],"tool_plan":"Let me see."},
                      {"role":"tool","tool_call_id":"ID","content":"noon"},
                      {"role":"tool","tool_call_id":"ID","content":"here"},
                      {"role":"user","content":"And now?"}],
                     "max_tokens":500,"temperature":0.5,"stop_sequences":["END"],
                     "tools":[
                      {"type":"function","function":{"name":"get_time","description":"The time.","parameters":
                        {"type":"object","properties":{"zone":{"type":"string"}},"required":["zone"]}}},
                      {"type":"function","function":{"name":"get_place","parameters":{"type":"object","properties":{}}}}],
                     "tool_choice":"REQUIRED"}""".formatted(stream);
        }

        @Override
        String error(String message) {
            return "{\"message\":\"" + message + "\"}";
        }

        @Override
        byte[] errorEvent() {
            return event(
                    "message-end",
                    ",\"delta\":{\"finish_reason\":\"ERROR\",\"error\":\"boom at https://vendor.example\"}");
        }
    },

    OLLAMA("ollama-native") {
        private String line(String message, String rest) {
            return "{\"model\":\"m\",\"created_at\":\"2026-11-24T00:00:00.123456789Z\",\"message\":{\"role\":\"assistant\",%s},%s}"
                    .formatted(message, rest);
        }

        private String done(Scene scene) {
            return "\"done\":true,\"done_reason\":\"%s\",\"prompt_eval_count\":120,\"eval_count\":15"
                    .formatted(scene == Scene.LENGTH ? "length" : "stop");
        }

        private String calls() {
            return "\"tool_calls\":[{\"function\":{\"name\":\"get_time\",\"arguments\":{\"zone\":\"UTC\"}}},{\"function\":{\"name\":\"get_place\",\"arguments\":{}}}]";
        }

        @Override
        String plain(Scene scene) {
            String message = "\"content\":" + Json.quote(scene.heard.text())
                    + (scene == Scene.THINKING ? ",\"thinking\":\"Two and two.\"" : "")
                    + (scene == Scene.TOOLS ? "," + calls() : "");
            return line(message, done(scene));
        }

        @Override
        List<byte[]> events(Scene scene) {
            List<String> lines = new ArrayList<>();
            if (scene == Scene.THINKING) {
                lines.add(line("\"content\":\"\",\"thinking\":\"Two \"", "\"done\":false"));
                lines.add(line("\"content\":\"\",\"thinking\":\"and two.\"", "\"done\":false"));
            }
            for (String half : halves(scene.heard.text())) {
                lines.add(line("\"content\":" + Json.quote(half), "\"done\":false"));
            }
            if (scene == Scene.TOOLS) {
                lines.add(line("\"content\":\"\"," + calls(), "\"done\":false"));
            }
            lines.add(line("\"content\":\"\"", done(scene)));
            return lines.stream().map(each -> (each + "\n").getBytes(UTF_8)).toList();
        }

        @Override
        String streamType() {
            return "application/x-ndjson";
        }

        @Override
        boolean tells(Scene scene) {
            return scene != Scene.FILTERED;
        }

        @Override
        long cached() {
            return 0;
        }

        @Override
        String expectedAsk(boolean stream) {
            return """
                    {"model":"m","stream":%b,"messages":[
                      {"role":"system","content":"Be brief."},
                      {"role":"user","content":"What is here?","images":["aW1n"]},
                      {"role":"assistant","content":"Let me see.","tool_calls":[
                        {"function":{"name":"get_time","arguments":{"zone":"UTC"}}},
                        {"function":{"name":"get_place","arguments":{}}}]},
                      {"role":"tool","tool_name":"get_time","content":"noon"},
                      {"role":"tool","tool_name":"get_place","content":"here"},
                      {"role":"user","content":"And now?"}],
                     "options":{"temperature":0.5,"num_predict":500,"stop":["END"]},
                     "tools":[
                      {"type":"function","function":{"name":"get_time","description":"The time.","parameters":
                        {"type":"object","properties":{"zone":{"type":"string"}},"required":["zone"]}}},
                      {"type":"function","function":{"name":"get_place","parameters":{"type":"object","properties":{}}}}]}""".formatted(stream);
        }

        @Override
        String error(String message) {
            return "{\"error\":\"" + message + "\"}";
        }

        @Override
        byte[] errorEvent() {
            return "{\"error\":\"boom at https://vendor.example\"}\n".getBytes(UTF_8);
        }
    };

    final String vendor;

    VendorsForm(String vendor) {
        this.vendor = vendor;
    }

    /** The fields of a channel to it. */
    String channel(ScriptedVendor server) {
        return "{\"vendor\":\"%s\",\"base_url\":\"%s\"}".formatted(vendor, server.url());
    }

    /** The form that its answers have. */
    Format format() {
        return switch (this) {
            case OPENAI, AZURE -> Format.CHAT;
            case OPENAI_RESPONSES -> Format.RESPONSES;
            case ANTHROPIC, VERTEX_CLAUDE -> Format.MESSAGES;
            case GEMINI, VERTEX_GEMINI -> Format.GEMINI;
            case BEDROCK -> Format.CONVERSE;
            case COHERE -> Format.COHERE;
            case OLLAMA -> Format.OLLAMA;
        };
    }

    /** Where its question says that the answer is to be JSON of {@link CallersForm#askForJson}'s schema, and how. */
    Map.Entry<String, String> structured() {
        String schema = "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"}},\"required\":[\"n\"]}";
        return switch (this) {
            case OPENAI, AZURE ->
                Map.entry(
                        "/response_format",
                        "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"NAME\",\"schema\":" + schema + "}}");
            case OPENAI_RESPONSES ->
                Map.entry("/text/format", "{\"type\":\"json_schema\",\"name\":\"NAME\",\"schema\":" + schema + "}");
            case ANTHROPIC, VERTEX_CLAUDE ->
                Map.entry(
                        "/output_config/format",
                        "{\"type\":\"json_schema\",\"schema\":"
                                + schema.replace("\"]}", "\"],\"additionalProperties\":false}") + "}");
            case GEMINI, VERTEX_GEMINI ->
                Map.entry(
                        "/generationConfig",
                        "{\"responseMimeType\":\"application/json\",\"responseJsonSchema\":" + schema + "}");
            case BEDROCK ->
                Map.entry(
                        "/system",
                        "[{\"text\":"
                                + Json.quote(
                                        "Answer with one JSON object that conforms to this JSON Schema, and nothing else: "
                                                + schema)
                                + "}]");
            case COHERE -> Map.entry("/response_format", "{\"type\":\"json_object\",\"json_schema\":" + schema + "}");
            case OLLAMA -> Map.entry("/format", schema);
        };
    }

    abstract String plain(Scene scene);

    abstract List<byte[]> events(Scene scene);

    /** What it gets for {@link CallersForm#ask}, ids aside. */
    abstract String expectedAsk(boolean stream);

    abstract String error(String message);

    abstract byte[] errorEvent();

    String streamType() {
        return "text/event-stream";
    }

    /** Whether its form has words for the scene. */
    boolean tells(Scene scene) {
        return true;
    }

    /** How many cached tokens it can tell of the scenes' 80. */
    long cached() {
        return 80;
    }

    Script answer(Scene scene, boolean stream) {
        return stream ? Script.pieces(200, streamType()).send(events(scene)) : Script.json(200, plain(scene));
    }

    /** The text cut in two, where there are two characters. */
    private static List<String> halves(String text) {
        int middle = text.length() < 4 ? text.length() : 4;
        return middle == text.length() ? List.of(text) : List.of(text.substring(0, middle), text.substring(middle));
    }

    /** As the vendor got it, without what is the form's own business: ids, and marks of what may be cached. */
    static JsonNode scrubbed(String body) {
        return Json.read(
                body.replaceAll("\"(id|tool_call_id|tool_use_id|toolUseId|call_id)\":\"[^\"]+\"", "\"$1\":\"ID\"")
                        .replaceAll(",\"cache_control\":\\{[^}]*}", "")
                        .replaceAll(",\\{\"cachePoint\":\\{[^}]*}}", ""));
    }
}
