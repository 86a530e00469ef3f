package dev.sluice.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.Json;
import dev.sluice.wire.Refusal;
import dev.sluice.wire.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** What went wrong elsewhere when one form was turned into another, and hostile or broken input. */
class TranslatingTest {
    private static final Heading HEADING = new Heading("1", "m", 0, true, 7, null);

    private static JsonNode asked(Format from, Format to, String model, String body, String... quirks) {
        Question question = from.read(body.getBytes(UTF_8), false);
        return Json.read(new String(to.write(question, to.names(question), model, List.of(quirks)), UTF_8));
    }

    private static List<Piece> read(Format format, String... events) {
        AnswerReader reader = format.reader(List.of());
        List<Piece> pieces = new ArrayList<>();
        for (String event : events) {
            byte[] bytes = event.getBytes(UTF_8);
            reader.event("", bytes, 0, bytes.length, pieces::add);
        }
        return pieces;
    }

    private static String written(Format format, List<Piece> pieces) {
        AnswerWriter writer = format.writer(HEADING);
        Events events = new Events();
        pieces.forEach(piece -> writer.write(piece, events));
        writer.end(events);
        return new String(events.taken(), UTF_8);
    }

    private static String delta(String delta) {
        return "{\"choices\":[{\"index\":0,\"delta\":" + delta + "}]}";
    }

    // Questions

    @Test
    void putsToolResultsFirst_andKeepsWhatTheyShow() {
        String body = """
                {"model":"m","max_tokens":9,"messages":[
                 {"role":"assistant","content":[{"type":"tool_use","id":"a","name":"t","input":{}},{"type":"tool_use","id":"b","name":"t","input":{}}]},
                 {"role":"user","content":[{"type":"text","text":"look"},
                  {"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"x"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"aQ=="}}]},
                  {"type":"tool_result","tool_use_id":"b","is_error":true}]}]}""";
        JsonNode messages = asked(Format.MESSAGES, Format.CHAT, "m", body).path("messages");

        assertThat(messages.path(1).toString())
                .isEqualTo("{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"x\"}");
        assertThat(messages.path(2).path("content").asString()).isEqualTo("Error: ");
        assertThat(messages.path(3).path("content").path(0).path("text").asString())
                .isEqualTo("look");
        assertThat(messages.path(3).path("content").path(1).path("type").asString())
                .isEqualTo("image_url");
    }

    @Test
    void renamesIllegalTools_withoutACollision_everywhereAlike() {
        String body = """
                {"model":"m","messages":[{"role":"user","content":"a"},
                  {"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"get.time!","arguments":"nonsense"}}]},
                  {"role":"tool","tool_call_id":"1","content":"x"}],
                 "tools":[{"type":"function","function":{"name":"get.time!"}},{"type":"function","function":{"name":"get_time_"}},{"type":"function","function":{"name":"%s"}}],
                 "tool_choice":{"type":"function","function":{"name":"get.time!"}}}""".formatted("n".repeat(100));
        Question question = Format.CHAT.read(body.getBytes(UTF_8), false);
        ToolNames names = Format.MESSAGES.names(question);
        JsonNode json = Json.read(new String(Format.MESSAGES.write(question, names, "m", List.of()), UTF_8));

        assertThat(json.path("tools").path(0).path("name").asString()).isEqualTo("get_time__2");
        assertThat(json.path("tools").path(1).path("name").asString()).isEqualTo("get_time_");
        assertThat(json.path("tools").path(2).path("name").asString()).hasSize(64);
        assertThat(json.path("tool_choice").path("name").asString()).isEqualTo("get_time__2");
        assertThat(json.path("messages").path(1).path("content").path(0).toString())
                .isEqualTo("{\"type\":\"tool_use\",\"id\":\"1\",\"name\":\"get_time__2\",\"input\":{}}");
        assertThat(names.original("get_time__2")).isEqualTo("get.time!");
    }

    @Test
    void sendsNoToolsAtAll_whereTheListIsEmpty() {
        String body =
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],\"tools\":[],\"tool_choice\":\"auto\"}";
        for (Format to : List.of(Format.MESSAGES, Format.GEMINI, Format.CONVERSE, Format.COHERE, Format.OLLAMA)) {
            assertThat(asked(Format.CHAT, to, "m", body).toString()).doesNotContain("tool");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "gpt-4o, max_tokens, ''",
        "o3-mini, max_completion_tokens, high",
        "gpt-5.6, max_completion_tokens, high",
        "deepseek-chat, max_tokens, high",
    })
    void writesLimitsAndEffort_asTheModelTakesThem(String model, String limit, String effort) {
        JsonNode json = asked(
                Format.MESSAGES,
                Format.CHAT,
                model,
                "{\"model\":\"m\",\"max_tokens\":30000,\"temperature\":1,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":20000},\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}");

        assertThat(json.path(limit).asInt()).isEqualTo(30000);
        assertThat(json.path("reasoning_effort").asString("")).isEqualTo(effort);
        assertThat(json.has("temperature")).isEqualTo(limit.equals("max_tokens"));
    }

    @ParameterizedTest
    @CsvSource({
        "claude-3-5-haiku-20241022, -, -",
        "claude-sonnet-4-5-20250929, enabled, -",
        "claude-opus-4-8, adaptive, high",
        "claude-3-7-sonnet-latest, enabled, -",
    })
    void thinksAsTheClaudeCan(String model, String thinking, String effort) {
        JsonNode json = asked(
                Format.CHAT,
                Format.MESSAGES,
                model,
                "{\"model\":\"m\",\"reasoning_effort\":\"high\",\"max_tokens\":100,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}");

        assertThat(json.path("thinking").path("type").asString("-")).isEqualTo(thinking);
        assertThat(json.path("output_config").path("effort").asString("-")).isEqualTo(effort);
        assertThat(json.path("max_tokens").asInt())
                .isGreaterThan(json.path("thinking").path("budget_tokens").asInt(0));
    }

    @Test
    void switchesThinkingOff_whereTheHistoryHasUnsignedCalls() {
        JsonNode json = asked(Format.CHAT, Format.MESSAGES, "claude-sonnet-4-5", """
                {"model":"m","reasoning_effort":"high","messages":[{"role":"user","content":"a"},
                 {"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"t","arguments":""}}]},{"role":"tool","tool_call_id":"1","content":""}],
                 "tools":[{"type":"function","function":{"name":"t"}}]}""");

        assertThat(json.has("thinking")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CHAT|{\"n\":2}|n",
                "CHAT|{\"modalities\":[\"text\",\"audio\"]}|modalities",
                "CHAT|{\"functions\":[{\"name\":\"f\"}]}|functions",
                "CHAT|{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{\"file_id\":\"f\"}}]}]}|messages[0].content[0].file.file_id",
                "CHAT|{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"hologram\"}]}]}|messages[0].content[0].type",
                "CHAT|{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://a/b.png\"}}]}]}|messages",
                "CHAT|{\"messages\":[{\"role\":\"robot\",\"content\":\"a\"}]}|messages[0].role",
                "CHAT|{\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}]}|tools[0].type",
                "CHAT|{\"temperature\":\"hot\"}|temperature",
                "CHAT|{\"reasoning_effort\":\"enormous\"}|reasoning_effort",
                "RESPONSES|{\"previous_response_id\":\"resp_1\"}|previous_response_id",
                "RESPONSES|{\"background\":true}|background",
                "RESPONSES|{\"tools\":[{\"type\":\"web_search\"}]}|tools[0].type",
                "RESPONSES|{\"input\":[{\"type\":\"item_reference\",\"id\":\"x\"}]}|input[0].type",
                "MESSAGES|{\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"w\"}]}|tools[0].type",
                "MESSAGES|{\"container\":{\"id\":\"c\"}}|container",
                "MESSAGES|{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"file\",\"file_id\":\"f\"}}]}]}|messages[0].content[0].source",
            })
    void refusesByName_whatCannotBeSaid(Format from, String fields, String param) {
        String base = from == Format.RESPONSES
                ? "{\"model\":\"m\",\"input\":\"a\"}"
                : "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}";
        String body = Json.merge(base, fields).toString();

        assertThatThrownBy(() -> asked(from, Format.GEMINI, "m", body))
                .isInstanceOfSatisfying(Refusal.class, refusal -> {
                    assertThat(refusal.param()).isEqualTo(param);
                    assertThat(refusal.reason().status).isEqualTo(400);
                });
    }

    @ParameterizedTest
    @CsvSource({"generationConfig, {\"candidateCount\":2}", "cachedContent, \"c\"", "tools, [{\"googleSearch\":{}}]"})
    void refusesByName_whatGoogleAloneHas(String field, String value) {
        String body =
                "{\"contents\":[{\"parts\":[{\"text\":\"a\"}]}],\"" + field + "\":" + value.replace("'", "\"") + "}";
        assertThatThrownBy(() -> asked(Format.GEMINI, Format.CHAT, "m", body))
                .isInstanceOfSatisfying(
                        Refusal.class, refusal -> assertThat(refusal.param()).startsWith(field));
    }

    @Test
    void leavesOutClaudeCodesBillingLine_andKeepsCacheMarksWhereThereAreSome() {
        String body = """
                {"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],"system":[
                 {"type":"text","text":"x-anthropic-billing-header: cc_version=1"},
                 {"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}]}""";

        assertThat(asked(Format.MESSAGES, Format.CHAT, "m", body)
                        .path("messages")
                        .path(0)
                        .path("content")
                        .asString())
                .isEqualTo("Be brief.");
        assertThat(asked(Format.MESSAGES, Format.CONVERSE, "m", body)
                        .path("system")
                        .toString())
                .isEqualTo("[{\"text\":\"Be brief.\"},{\"cachePoint\":{\"type\":\"default\"}}]");
    }

    @Test
    void givesASignatureBackToItsMaker_andToNobodyElse() {
        for (Format caller : List.of(Format.CHAT, Format.MESSAGES, Format.GEMINI)) {
            List<Piece> pieces = List.of(
                    new Piece.Sign(new Signature(Signature.Maker.GOOGLE, "c2ln")),
                    new Piece.CallStart(0, "id1", "t"),
                    new Piece.Arguments(0, "{}"),
                    new Piece.Stop(Piece.Reason.TOOL_CALLS));
            JsonNode answer = Json.read(new String(caller.writer(HEADING).whole(pieces), UTF_8));
            String body = switch (caller) {
                case CHAT ->
                    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
                            + answer.path("choices").path(0).path("message") + "]}";
                case MESSAGES ->
                    "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":"
                            + answer.path("content") + "}]}";
                default ->
                    "{\"contents\":[{\"parts\":[{\"text\":\"a\"}]},"
                            + answer.path("candidates").path(0).path("content") + "]}";
            };

            JsonNode google = asked(caller, Format.GEMINI, "gemini-3-pro", body);
            assertThat(google.path("contents")
                            .path(1)
                            .path("parts")
                            .path(0)
                            .path("thoughtSignature")
                            .asString("-"))
                    .as(caller.name())
                    .isEqualTo("c2ln");
            assertThat(asked(caller, Format.MESSAGES, "claude-opus-4-8", body).toString())
                    .doesNotContain("c2ln");
        }
    }

    @Test
    void cleansASchema_ofWhatGoogleRefuses() {
        JsonNode json = asked(Format.CHAT, Format.GEMINI, "gemini-2.5-pro", """
                {"model":"m","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"t","strict":true,"parameters":
                 {"$schema":"x","type":"object","properties":{"strict":{"const":"a","pattern":"b"},"n":{"type":"number","exclusiveMinimum":1}},"patternProperties":{}}}}]}""");

        assertThat(json.path("tools")
                        .path(0)
                        .path("functionDeclarations")
                        .path(0)
                        .path("parametersJsonSchema")
                        .toString())
                .isEqualTo(
                        "{\"type\":\"object\",\"properties\":{\"strict\":{\"enum\":[\"a\"]},\"n\":{\"type\":\"number\",\"minimum\":1}}}");
    }

    // Answers

    @Test
    void takesEveryKindOfToolCallStream() {
        List<Piece> pieces = read(
                Format.CHAT,
                delta("{\"role\":\"assistant\",\"content\":\"Hi\"}"), // role and content together
                delta(
                        "{\"content\":null,\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":{\"x\":1}}}]}"), // no index, an object
                delta("{\"tool_calls\":[{\"index\":1,\"function\":{\"arguments\":\"{\"}}]}"), // arguments before the
                // name
                delta(
                        "{\"tool_calls\":[{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"g\",\"arguments\":\"}\"}}]}"),
                "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"\"}]}",
                "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}",
                "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}",
                "{\"choices\":[{\"index\":0,\"delta\":{}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}",
                "[DONE]");

        String messages = written(Format.MESSAGES, pieces);
        assertThat(messages.split("event: message_stop")).hasSize(2);
        assertThat(messages).contains("\"text\":\"Hi\"").contains("\"stop_reason\":\"tool_use\"");
        assertThat(messages).contains("\\\"x\\\":1");
        assertThat(messages).contains("\"input_tokens\":3").contains("\"output_tokens\":4");
    }

    @Test
    void putsInterleavedCallsInSequence() {
        List<Piece> pieces = List.of(
                new Piece.CallStart(0, "a", "f"),
                new Piece.Arguments(0, "{\"q\":\"}\\\""),
                new Piece.CallStart(1, "b", "g"),
                new Piece.Arguments(1, "{}"),
                new Piece.Arguments(0, "\"}"),
                new Piece.Stop(Piece.Reason.TOOL_CALLS));

        String messages = written(Format.MESSAGES, pieces);

        int closed = messages.indexOf("content_block_stop");
        assertThat(messages.indexOf("\"name\":\"g\"")).isGreaterThan(closed);
        assertThat(messages.substring(0, closed)).contains("\"partial_json\":\"\\\"}\"");
    }

    @Test
    void isNotFooledByTheWordDone_inAText() {
        List<Piece> pieces = read(Format.CHAT, delta("{\"content\":\"data: [DONE]\"}"));

        assertThat(pieces).contains(new Piece.Text("data: [DONE]"));
        assertThat(pieces).noneMatch(piece -> piece instanceof Piece.Broken);
    }

    @Test
    void tellsABlockedPrompt_asFiltered() {
        List<Piece> pieces = new ArrayList<>();
        byte[] blocked =
                "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"},\"usageMetadata\":{\"promptTokenCount\":3,\"totalTokenCount\":3}}"
                        .getBytes(UTF_8);
        Format.GEMINI.reader(List.of()).whole(blocked, pieces::add);

        JsonNode chat = Json.read(new String(Format.CHAT.writer(HEADING).whole(pieces), UTF_8));
        assertThat(chat.path("choices").path(0).path("finish_reason").asString())
                .isEqualTo("content_filter");
        assertThat(chat.path("choices").path(0).path("message").path("content").isNull())
                .isTrue();
    }

    @Test
    void countsCachedTokens_asEachFormDoes() {
        Usage usage = new Usage(100, 60, 10, 5, 2, false);
        List<Piece> pieces = List.of(new Piece.Text("a"), new Piece.Stop(Piece.Reason.END), new Piece.Spent(usage));

        JsonNode messages = Json.read(new String(Format.MESSAGES.writer(HEADING).whole(pieces), UTF_8))
                .path("usage");
        JsonNode gemini = Json.read(new String(Format.GEMINI.writer(HEADING).whole(pieces), UTF_8))
                .path("usageMetadata");

        assertThat(messages.path("input_tokens").asInt()).isEqualTo(30);
        assertThat(messages.path("cache_creation_input_tokens").asInt()).isEqualTo(10);
        assertThat(gemini.path("promptTokenCount").asInt()).isEqualTo(100);
        assertThat(gemini.path("candidatesTokenCount").asInt()).isEqualTo(3);
        assertThat(Format.MESSAGES.usage(messages.toString().getBytes(UTF_8))).isEqualTo(usage);
    }

    @Test
    void countsWhatIsWrittenForAnHour_apart() {
        Usage usage = Format.MESSAGES.usage(
                "{\"input_tokens\":1,\"cache_creation_input_tokens\":9,\"cache_creation\":{\"ephemeral_5m_input_tokens\":4,\"ephemeral_1h_input_tokens\":5},\"output_tokens\":1}"
                        .getBytes(UTF_8));

        assertThat(usage.kinds().hourWrite()).isEqualTo(5);
        assertThat(usage.prompt()).isEqualTo(10);
    }

    // Whatever comes

    static Stream<Format> vendors() {
        return Stream.of(Format.values());
    }

    /** Every reader against fixtures that were cut, doubled and changed at random: pieces come, or the word that it broke; nothing else. */
    @ParameterizedTest
    @MethodSource("vendors")
    void readsNonsense_withoutThrowing(Format format) {
        String[] seeds = {
            delta(
                    "{\"content\":\"é\",\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}"),
            "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{}}}",
            "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\"}}",
            "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\",\"functionCall\":{\"name\":\"f\",\"args\":{}}}]},\"finishReason\":\"STOP\"}],\"usageMetadata\":{\"promptTokenCount\":1}}",
            "{\"type\":\"response.output_item.added\",\"output_index\":1,\"item\":{\"type\":\"function_call\",\"call_id\":\"a\",\"name\":\"f\",\"arguments\":\"{}\"}}",
            "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"a\",\"toolUse\":{\"input\":\"{\"}}}",
            "{\"type\":\"tool-call-delta\",\"delta\":{\"message\":{\"tool_calls\":{\"function\":{\"arguments\":\"{\"}}}}}",
            "{\"message\":{\"content\":\"a\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{}}}]},\"done\":true,\"data\":[{\"embedding\":\"AAAA\"}],\"embeddings\":[[1]]}",
        };
        Random random = new Random(42);
        for (int round = 0; round < 3_000; round++) {
            AnswerReader reader = format.reader(List.of());
            StringBuilder seed = new StringBuilder(seeds[random.nextInt(seeds.length)]);
            for (int change = random.nextInt(6); change > 0; change--) {
                int at = random.nextInt(seed.length());
                switch (random.nextInt(3)) {
                    case 0 -> seed.setCharAt(at, "{}[]\",:0n\\é".charAt(random.nextInt(11)));
                    case 1 -> seed.deleteCharAt(at);
                    default -> seed.insert(at, seeds[random.nextInt(seeds.length)], 0, random.nextInt(20));
                }
            }
            byte[] bytes = seed.toString().getBytes(UTF_8);
            List<Piece> pieces = new ArrayList<>();
            for (String name : new String[] {"", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"}) {
                reader.event(name, bytes, 0, bytes.length, pieces::add);
            }
            List<Piece> whole = new ArrayList<>();
            format.reader(List.of()).whole(bytes, whole::add);
            for (Format caller : List.of(Format.CHAT, Format.RESPONSES, Format.MESSAGES, Format.GEMINI)) {
                assertThat(written(caller, pieces)).isNotEmpty();
                assertThat(caller.writer(HEADING).whole(whole)).isNotEmpty();
            }
        }
    }

    /** Frames cut anywhere, and garbage: whole events come out, or the refusal. */
    @ParameterizedTest
    @EnumSource(Format.class)
    void framesNonsense_withoutThrowingAnythingElse(Format format) {
        Random random = new Random(7);
        for (int round = 0; round < 500; round++) {
            Frames frames = format.frames();
            byte[] garbage = new byte[random.nextInt(200)];
            random.nextBytes(garbage);
            try {
                frames.accept(
                        garbage,
                        garbage.length,
                        (name, data, from, to) -> assertThat(to).isBetween(from, data.length));
                frames.end((name, data, from, to) -> assertThat(to).isBetween(from, data.length));
            } catch (IllegalArgumentException | java.nio.BufferUnderflowException refused) {
                assertThat(refused).isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    static final BiFunction<Format, String, Question> READ = (format, body) -> format.read(body.getBytes(UTF_8), false);

    /** Every question against JSON of wrong types: it is read, or refused by name. */
    @ParameterizedTest
    @EnumSource(
            value = Format.class,
            names = {"CHAT", "RESPONSES", "MESSAGES", "GEMINI", "EMBEDDINGS", "GEMINI_EMBEDDING", "GEMINI_EMBEDDINGS"})
    void readsQuestionsOfWrongTypes_orRefusesThem(Format format) {
        String[] names = {
            "messages",
            "input",
            "contents",
            "content",
            "requests",
            "system",
            "instructions",
            "tools",
            "tool_choice",
            "stop",
            "stop_sequences",
            "max_tokens",
            "temperature",
            "response_format",
            "thinking",
            "generationConfig",
            "toolConfig",
            "systemInstruction",
            "text",
            "reasoning",
            "metadata",
            "role",
            "type",
            "parts",
            "functionCall",
            "tool_calls",
            "function",
            "source",
            "inlineData",
            "name",
            "modalities",
            "n",
            "output_config",
            "image_url"
        };
        String[] values = {
            "null",
            "1",
            "-1.5e3",
            "true",
            "\"a\"",
            "[]",
            "{}",
            "[null]",
            "[1]",
            "[\"a\"]",
            "[{}]",
            "[[{}]]",
            "\"data:,x\"",
            "\"user\"",
            "\"function\"",
            "\"text\"",
            "\"tool_use\""
        };
        Random random = new Random(11);
        for (int round = 0; round < 4_000; round++) {
            String body = object(random, names, values, 3);
            try {
                Question question = READ.apply(format, body);
                for (Format to : Format.values()) {
                    boolean texts = to.name().contains("EMBEDDING");
                    if (texts == question instanceof Texts) {
                        to.write(question, to.names(question), "m", List.of());
                    }
                }
            } catch (Refusal refused) {
                assertThat(refused.reason().status).as(body).isEqualTo(400);
            }
        }
    }

    private static String object(Random random, String[] names, String[] values, int depth) {
        List<String> fields = new ArrayList<>();
        for (int i = random.nextInt(5); i >= 0; i--) {
            String name = names[random.nextInt(names.length)];
            String value = depth == 0 || random.nextInt(3) == 0
                    ? values[random.nextInt(values.length)]
                    : random.nextBoolean()
                            ? object(random, names, values, depth - 1)
                            : "[" + object(random, names, values, depth - 1) + "]";
            fields.add("\"" + name + "\":" + value);
        }
        return "{" + String.join(",", fields) + "}";
    }
}
