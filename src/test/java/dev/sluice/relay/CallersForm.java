package dev.sluice.relay;

import dev.sluice.testing.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The forms in which callers ask, as their official clients write them and read what comes back. */
enum CallersForm {
    CHAT {
        @Override
        String path(String model, boolean stream) {
            return "/v1/chat/completions";
        }

        @Override
        String ask(String model, boolean stream) {
            return """
                    {"model":"%s","stream":%b,%s"max_tokens":500,"temperature":0.5,"stop":["END"],
                     "messages":[
                      {"role":"system","content":"Be brief."},
                      {"role":"user","content":[{"type":"text","text":"What is here?"},
                        {"type":"image_url","image_url":{"url":"data:image/png;base64,aW1n"}}]},
                      {"role":"assistant","content":"Let me see.","tool_calls":[
                        {"id":"call_1","type":"function","function":{"name":"get_time","arguments":"{\\"zone\\":\\"UTC\\"}"}},
                        {"id":"call_2","type":"function","function":{"name":"get_place","arguments":"{}"}}]},
                      {"role":"tool","tool_call_id":"call_1","content":"noon"},
                      {"role":"tool","tool_call_id":"call_2","content":"here"},
                      {"role":"user","content":"And now?"}],
                     "tools":[
                      {"type":"function","function":{"name":"get_time","description":"The time.","parameters":
                        {"type":"object","properties":{"zone":{"type":"string"}},"required":["zone"]}}},
                      {"type":"function","function":{"name":"get_place"}}],
                     "tool_choice":"required"}""".formatted(model, stream, stream ? "\"stream_options\":{\"include_usage\":true}," : "");
        }

        @Override
        String askForJson(String model) {
            return """
                    {"model":"%s","messages":[{"role":"user","content":"A number."}],"response_format":{"type":"json_schema",
                     "json_schema":{"name":"n","schema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}}}\
                    """.formatted(model);
        }

        @Override
        Heard plain(JsonNode answer) {
            JsonNode choice = answer.path("choices").path(0);
            JsonNode message = choice.path("message");
            List<Heard.Called> calls = new ArrayList<>();
            for (JsonNode call : message.path("tool_calls")) {
                calls.add(new Heard.Called(
                        call.path("function").path("name").asString(),
                        normal(call.path("function").path("arguments").asString())));
            }
            return heard(
                    message.path("content").asString(""),
                    message.path("reasoning_content").asString(""),
                    calls,
                    stop(choice.path("finish_reason").asString("?")),
                    answer.path("usage"));
        }

        private Heard heard(String text, String thinking, List<Heard.Called> calls, String stop, JsonNode usage) {
            return new Heard(
                    text,
                    thinking,
                    calls,
                    stop,
                    usage.path("prompt_tokens").asLong(-1),
                    usage.path("prompt_tokens_details").path("cached_tokens").asLong(-1),
                    usage.path("completion_tokens").asLong(-1));
        }

        private String stop(String word) {
            return switch (word) {
                case "stop" -> "end";
                case "length" -> "length";
                case "tool_calls" -> "tools";
                case "content_filter" -> "filtered";
                default -> word;
            };
        }

        @Override
        Heard streamed(String body) {
            List<JsonNode> events = data(body);
            StringBuilder text = new StringBuilder();
            StringBuilder thinking = new StringBuilder();
            Map<Integer, String> names = new LinkedHashMap<>();
            Map<Integer, StringBuilder> arguments = new LinkedHashMap<>();
            String stop = "?";
            JsonNode usage = Json.read("{}");
            for (JsonNode event : events) {
                if (event.path("usage").isObject()) {
                    usage = event.path("usage");
                }
                JsonNode choice = event.path("choices").path(0);
                JsonNode delta = choice.path("delta");
                text.append(delta.path("content").asString(""));
                thinking.append(delta.path("reasoning_content").asString(""));
                for (JsonNode call : delta.path("tool_calls")) {
                    int index = call.path("index").asInt(-1);
                    String name = call.path("function").path("name").asString("");
                    if (!name.isEmpty()) {
                        names.put(index, name);
                    }
                    arguments
                            .computeIfAbsent(index, each -> new StringBuilder())
                            .append(call.path("function").path("arguments").asString(""));
                }
                if (choice.path("finish_reason").isString()) {
                    stop = stop(choice.path("finish_reason").asString());
                }
            }
            if (!body.endsWith("data: [DONE]\n\n")) {
                throw new AssertionError("no [DONE] at the end of " + body);
            }
            List<Heard.Called> calls = new ArrayList<>();
            names.forEach((index, name) ->
                    calls.add(new Heard.Called(name, normal(arguments.get(index).toString()))));
            return heard(text.toString(), thinking.toString(), calls, stop, usage);
        }

        @Override
        String errorCode(JsonNode error) {
            return error.path("error").path("code").asString("?");
        }

        @Override
        String errorType(JsonNode error) {
            return error.path("error").path("type").asString("?");
        }
    },

    RESPONSES {
        @Override
        String path(String model, boolean stream) {
            return "/v1/responses";
        }

        @Override
        String ask(String model, boolean stream) {
            return """
                    {"model":"%s","stream":%b,"max_output_tokens":500,"temperature":0.5,"instructions":"Be brief.",
                     "input":[
                      {"role":"user","content":[{"type":"input_text","text":"What is here?"},
                        {"type":"input_image","image_url":"data:image/png;base64,aW1n"}]},
                      {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Let me see."}]},
                      {"type":"function_call","call_id":"call_1","name":"get_time","arguments":"{\\"zone\\":\\"UTC\\"}"},
                      {"type":"function_call","call_id":"call_2","name":"get_place","arguments":"{}"},
                      {"type":"function_call_output","call_id":"call_1","output":"noon"},
                      {"type":"function_call_output","call_id":"call_2","output":"here"},
                      {"role":"user","content":"And now?"}],
                     "tools":[
                      {"type":"function","name":"get_time","description":"The time.","parameters":
                        {"type":"object","properties":{"zone":{"type":"string"}},"required":["zone"]}},
                      {"type":"function","name":"get_place"}],
                     "tool_choice":"required"}""".formatted(model, stream);
        }

        @Override
        String askForJson(String model) {
            return """
                    {"model":"%s","input":"A number.","text":{"format":{"type":"json_schema","name":"n",
                     "schema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}}}\
                    """.formatted(model);
        }

        @Override
        Heard plain(JsonNode response) {
            StringBuilder text = new StringBuilder();
            StringBuilder thinking = new StringBuilder();
            List<Heard.Called> calls = new ArrayList<>();
            for (JsonNode item : response.path("output")) {
                item.path("content")
                        .forEach(part -> text.append(part.path("text").asString("")));
                item.path("summary")
                        .forEach(part -> thinking.append(part.path("text").asString("")));
                if (item.path("type").asString().equals("function_call")) {
                    calls.add(new Heard.Called(
                            item.path("name").asString(),
                            normal(item.path("arguments").asString())));
                }
            }
            String why = response.path("incomplete_details").path("reason").asString("");
            String stop = switch (response.path("status").asString()) {
                case "completed" -> calls.isEmpty() ? "end" : "tools";
                case "incomplete" -> why.equals("content_filter") ? "filtered" : "length";
                default -> "?";
            };
            JsonNode usage = response.path("usage");
            return new Heard(
                    text.toString(),
                    thinking.toString(),
                    calls,
                    stop,
                    usage.path("input_tokens").asLong(-1),
                    usage.path("input_tokens_details").path("cached_tokens").asLong(-1),
                    usage.path("output_tokens").asLong(-1));
        }

        /** The pieces must add up to what the last event repeats. */
        @Override
        Heard streamed(String body) {
            StringBuilder text = new StringBuilder();
            StringBuilder arguments = new StringBuilder();
            Heard whole = null;
            long number = 0;
            for (JsonNode event : data(body)) {
                if (event.has("sequence_number")
                        && event.path("sequence_number").asLong() != number++) {
                    throw new AssertionError("a gap before " + event);
                }
                switch (event.path("type").asString()) {
                    case "response.output_text.delta" ->
                        text.append(event.path("delta").asString());
                    case "response.function_call_arguments.delta" ->
                        arguments.append(event.path("delta").asString());
                    case "response.completed", "response.incomplete" -> whole = plain(event.path("response"));
                    default -> {
                        // ends and beginnings
                    }
                }
            }
            if (whole == null || !text.toString().equals(whole.text())) {
                throw new AssertionError("the last event does not repeat " + text + " in " + body);
            }
            return whole;
        }

        @Override
        String errorCode(JsonNode error) {
            JsonNode inner = error.has("response") ? error.path("response") : error;
            return inner.path("error").path("code").asString("?");
        }

        @Override
        String errorType(JsonNode error) {
            return error.path("error").path("type").asString("?");
        }
    },

    MESSAGES {
        @Override
        String path(String model, boolean stream) {
            return "/v1/messages?beta=true";
        }

        @Override
        String ask(String model, boolean stream) {
            return """
                    {"model":"%s","stream":%b,"max_tokens":500,"temperature":0.5,"stop_sequences":["END"],
                     "system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],
                     "messages":[
                      {"role":"user","content":[{"type":"text","text":"What is here?"},
                        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"aW1n"}}]},
                      {"role":"assistant","content":[{"type":"text","text":"Let me see."},
                        {"type":"tool_use","id":"call_1","name":"get_time","input":{"zone":"UTC"}},
                        {"type":"tool_use","id":"call_2","name":"get_place","input":{}}]},
                      {"role":"user","content":[
                        {"type":"tool_result","tool_use_id":"call_1","content":"noon"},
                        {"type":"tool_result","tool_use_id":"call_2","content":[{"type":"text","text":"here"}]},
                        {"type":"text","text":"And now?"}]}],
                     "tools":[
                      {"name":"get_time","description":"The time.","input_schema":
                        {"type":"object","properties":{"zone":{"type":"string"}},"required":["zone"]}},
                      {"name":"get_place","input_schema":{"type":"object","properties":{}}}],
                     "tool_choice":{"type":"any"}}""".formatted(model, stream);
        }

        @Override
        String askForJson(String model) {
            return """
                    {"model":"%s","max_tokens":100,"messages":[{"role":"user","content":"A number."}],"output_config":{"format":
                     {"type":"json_schema","schema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}}}\
                    """.formatted(model);
        }

        @Override
        Heard plain(JsonNode answer) {
            StringBuilder text = new StringBuilder();
            StringBuilder thinking = new StringBuilder();
            List<Heard.Called> calls = new ArrayList<>();
            for (JsonNode block : answer.path("content")) {
                switch (block.path("type").asString()) {
                    case "text" -> text.append(block.path("text").asString());
                    case "thinking" -> thinking.append(block.path("thinking").asString());
                    case "tool_use" ->
                        calls.add(new Heard.Called(
                                block.path("name").asString(),
                                normal(block.path("input").toString())));
                    default -> throw new AssertionError("an unknown block: " + block);
                }
            }
            return heard(
                    text.toString(),
                    thinking.toString(),
                    calls,
                    stop(answer.path("stop_reason").asString("?")),
                    answer.path("usage"));
        }

        private Heard heard(String text, String thinking, List<Heard.Called> calls, String stop, JsonNode usage) {
            long read = usage.path("cache_read_input_tokens").asLong(0);
            return new Heard(
                    text,
                    thinking,
                    calls,
                    stop,
                    usage.path("input_tokens").asLong(-1)
                            + read
                            + usage.path("cache_creation_input_tokens").asLong(0),
                    read,
                    usage.path("output_tokens").asLong(-1));
        }

        private String stop(String word) {
            return switch (word) {
                case "end_turn" -> "end";
                case "max_tokens" -> "length";
                case "tool_use" -> "tools";
                case "refusal" -> "filtered";
                default -> word;
            };
        }

        /** As Anthropic's clients read it: by the events' names, blocks one after the other. */
        @Override
        Heard streamed(String body) {
            StringBuilder text = new StringBuilder();
            StringBuilder thinking = new StringBuilder();
            List<Heard.Called> calls = new ArrayList<>();
            StringBuilder json = new StringBuilder();
            String tool = null;
            int open = -1;
            String stop = "?";
            ObjectNode usage = Json.merge("{}", "{}");
            String last = "";
            for (String event : body.split("\n\n")) {
                String name = event.lines().findFirst().orElse("").replaceFirst("^event: ", "");
                JsonNode data = data(event).getFirst();
                if (!data.path("type").asString().equals(name)) {
                    throw new AssertionError("the event's name is not its type: " + event);
                }
                last = name;
                int index = data.path("index").asInt(-1);
                switch (name) {
                    case "message_start" -> {
                        usage.setAll((ObjectNode) data.path("message").path("usage"));
                        if (usage.path("input_tokens").asLong(0) < 1) {
                            throw new AssertionError("no prompt tokens at the start: " + event);
                        }
                    }
                    case "content_block_start" -> {
                        if (open >= 0) {
                            throw new AssertionError("a block begins in a block: " + event);
                        }
                        open = index;
                        JsonNode block = data.path("content_block");
                        tool = block.path("type").asString().equals("tool_use")
                                ? block.path("name").asString()
                                : null;
                    }
                    case "content_block_delta" -> {
                        if (open != index) {
                            throw new AssertionError("not of the open block: " + event);
                        }
                        text.append(data.path("delta").path("text").asString(""));
                        thinking.append(data.path("delta").path("thinking").asString(""));
                        json.append(data.path("delta").path("partial_json").asString(""));
                    }
                    case "content_block_stop" -> {
                        open = -1;
                        if (tool != null) {
                            calls.add(new Heard.Called(tool, normal(json.toString())));
                            json.setLength(0);
                        }
                    }
                    case "message_delta" -> {
                        stop = stop(data.path("delta").path("stop_reason").asString("?"));
                        usage.setAll((ObjectNode) data.path("usage"));
                    }
                    default -> {
                        // the last one
                    }
                }
            }
            if (!last.equals("message_stop")) {
                throw new AssertionError("no message_stop at the end of " + body);
            }
            return heard(text.toString(), thinking.toString(), calls, stop, usage);
        }

        @Override
        String errorCode(JsonNode error) {
            return error.path("error").path("code").asString("?");
        }

        @Override
        String errorType(JsonNode error) {
            return error.path("type").asString("?") + " "
                    + error.path("error").path("type").asString("?");
        }
    },

    GEMINI {
        @Override
        String path(String model, boolean stream) {
            return "/v1beta/models/" + model + (stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
        }

        @Override
        String ask(String model, boolean stream) {
            return """
                    {"systemInstruction":{"parts":[{"text":"Be brief."}]},
                     "generationConfig":{"maxOutputTokens":500,"temperature":0.5,"stopSequences":["END"]},
                     "contents":[
                      {"role":"user","parts":[{"text":"What is here?"},{"inlineData":{"mimeType":"image/png","data":"aW1n"}}]},
                      {"role":"model","parts":[{"text":"Let me see."},
                        {"functionCall":{"name":"get_time","args":{"zone":"UTC"}}},{"functionCall":{"name":"get_place"}}]},
                      {"role":"user","parts":[
                        {"functionResponse":{"name":"get_time","response":{"output":"noon"}}},
                        {"functionResponse":{"name":"get_place","response":{"output":"here"}}},
                        {"text":"And now?"}]}],
                     "tools":[{"functionDeclarations":[
                      {"name":"get_time","description":"The time.","parameters":
                        {"type":"OBJECT","properties":{"zone":{"type":"STRING"}},"required":["zone"]}},
                      {"name":"get_place"}]}],
                     "toolConfig":{"functionCallingConfig":{"mode":"ANY"}}}""";
        }

        @Override
        String askForJson(String model) {
            return """
                    {"contents":[{"parts":[{"text":"A number."}]}],"generationConfig":{"responseMimeType":"application/json",
                     "responseSchema":{"type":"OBJECT","properties":{"n":{"type":"INTEGER"}},"required":["n"]}}}""";
        }

        @Override
        Heard plain(JsonNode answer) {
            return heard(List.of(answer));
        }

        private Heard heard(List<JsonNode> answers) {
            StringBuilder text = new StringBuilder();
            StringBuilder thinking = new StringBuilder();
            List<Heard.Called> calls = new ArrayList<>();
            String stop = "?";
            JsonNode usage = Json.read("{}");
            for (JsonNode answer : answers) {
                JsonNode candidate = answer.path("candidates").path(0);
                for (JsonNode part : candidate.path("content").path("parts")) {
                    boolean thought = part.path("thought").asBoolean(false);
                    (thought ? thinking : text).append(part.path("text").asString(""));
                    JsonNode call = part.path("functionCall");
                    if (call.isObject()) {
                        calls.add(new Heard.Called(
                                call.path("name").asString(),
                                call.has("args") ? normal(call.path("args").toString()) : "{}"));
                    }
                }
                if (candidate.path("finishReason").isString()) {
                    stop = candidate.path("finishReason").asString();
                }
                if (answer.path("usageMetadata").isObject()) {
                    usage = answer.path("usageMetadata");
                }
            }
            String reason = switch (stop) {
                case "STOP" -> calls.isEmpty() ? "end" : "tools";
                case "MAX_TOKENS" -> "length";
                case "SAFETY" -> "filtered";
                default -> stop;
            };
            return new Heard(
                    text.toString(),
                    thinking.toString(),
                    calls,
                    reason,
                    usage.path("promptTokenCount").asLong(-1),
                    usage.path("cachedContentTokenCount").asLong(0),
                    usage.path("candidatesTokenCount").asLong(-1)
                            + usage.path("thoughtsTokenCount").asLong(0));
        }

        @Override
        Heard streamed(String body) {
            return heard(data(body));
        }

        @Override
        String errorCode(JsonNode error) {
            return error.path("error").path("details").path(0).path("reason").asString("?");
        }

        @Override
        String errorType(JsonNode error) {
            return error.path("error").path("status").asString("?");
        }
    };

    abstract String path(String model, boolean stream);

    /** A conversation with everything in it that all forms can say. */
    abstract String ask(String model, boolean stream);

    /** A short one whose answer must be JSON by a schema. */
    abstract String askForJson(String model);

    abstract Heard plain(JsonNode answer);

    abstract Heard streamed(String body);

    abstract String errorCode(JsonNode error);

    abstract String errorType(JsonNode error);

    /** The shortest question. */
    String hello(String model, boolean stream) {
        return switch (this) {
            case CHAT ->
                "{\"model\":\"%s\",\"stream\":%b,\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}"
                        .formatted(model, stream);
            case MESSAGES ->
                "{\"model\":\"%s\",\"stream\":%b,\"max_tokens\":100,\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}"
                        .formatted(model, stream);
            case RESPONSES -> "{\"model\":\"%s\",\"stream\":%b,\"input\":\"Hello!\"}".formatted(model, stream);
            case GEMINI -> "{\"contents\":[{\"parts\":[{\"text\":\"Hello!\"}]}]}";
        };
    }

    static String normal(String json) {
        return json.isEmpty() ? "{}" : Json.read(json).toString(); // clients take nothing for an empty object
    }

    static List<JsonNode> data(String body) {
        return body.lines()
                .filter(line -> line.startsWith("data:"))
                .map(line -> line.substring(5).strip())
                .filter(line -> !line.equals("[DONE]"))
                .map(Json::read)
                .toList();
    }
}
