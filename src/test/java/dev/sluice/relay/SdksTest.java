package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.errors.UnauthorizedException;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.ContentBlock;
import com.anthropic.models.messages.Message;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import com.anthropic.models.messages.StopReason;
import com.anthropic.models.messages.Tool;
import com.google.genai.Client;
import com.google.genai.ResponseStream;
import com.google.genai.errors.ClientException;
import com.google.genai.types.FinishReason;
import com.google.genai.types.FunctionDeclaration;
import com.google.genai.types.GenerateContentConfig;
import com.google.genai.types.GenerateContentResponse;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.Schema;
import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStreamEvent;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.ScriptedVendor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The official SDKs of OpenAI, Anthropic and Google, for every form of callers, with any vendor behind the gateway. */
class SdksTest {
    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();

    @BeforeEach
    void noChannels() {
        gateway.clearChannels();
    }

    @AfterEach
    void stopVendor() {
        vendor.close();
    }

    @ParameterizedTest
    @EnumSource(VendorsForm.class)
    void servesAnthropicsSdk(VendorsForm form) {
        gateway.channel(vendor, form.channel(vendor));
        AnthropicClient client = anthropic(gateway.token().key());
        MessageCreateParams ask = MessageCreateParams.builder()
                .model("m")
                .maxTokens(100)
                .system("Be brief.")
                .addUserMessage("What time is it?")
                .addTool(Tool.builder()
                        .name("get_time")
                        .inputSchema(Tool.InputSchema.builder()
                                .properties(JsonValue.from(Map.of("zone", Map.of("type", "string"))))
                                .build())
                        .build())
                .build();

        vendor.then(form.answer(Scene.TOOLS, false));
        Message plain = client.messages().create(ask);
        vendor.then(form.answer(Scene.TOOLS, true));
        MessageAccumulator streamed = MessageAccumulator.create();
        try (StreamResponse<RawMessageStreamEvent> stream = client.messages().createStreaming(ask)) {
            stream.stream().forEach(streamed::accumulate);
        }

        for (Message message : new Message[] {plain, streamed.message()}) {
            assertThat(message.stopReason()).contains(StopReason.TOOL_USE);
            assertThat(message.content().getFirst().text().orElseThrow().text()).isEqualTo("Let me look.");
            List<ContentBlock> calls = message.content().stream()
                    .filter(block -> block.isToolUse())
                    .toList();
            ContentBlock call = calls.getFirst();
            assertThat(call.toolUse().orElseThrow().name()).isEqualTo("get_time");
            assertThat(call.toolUse().orElseThrow()._input().toString()).contains("UTC");
            assertThat(calls).hasSize(2);
            assertThat(message.usage().outputTokens()).isEqualTo(15);
        }
        if (form != VendorsForm.ANTHROPIC) {
            assertThat(client.messages()
                            .countTokens(MessageCountTokensParams.builder()
                                    .model("m")
                                    .addUserMessage("Hello")
                                    .build())
                            .inputTokens())
                    .isPositive();
        }
        assertThat(client.models().list().data()).isNotNull();
        assertThatThrownBy(() -> anthropic("sk-wrong").messages().create(ask))
                .isInstanceOf(UnauthorizedException.class);
    }

    private AnthropicClient anthropic(String key) {
        return AnthropicOkHttpClient.builder()
                .baseUrl(gateway.url())
                .apiKey(key)
                .maxRetries(0)
                .build();
    }

    @ParameterizedTest
    @EnumSource(VendorsForm.class)
    void servesGooglesSdk(VendorsForm form) {
        gateway.channel(vendor, form.channel(vendor));
        try (Client client = google(gateway.token().key());
                Client stranger = google("sk-wrong")) {
            GenerateContentConfig config = GenerateContentConfig.builder()
                    .maxOutputTokens(100)
                    .tools(com.google.genai.types.Tool.builder()
                            .functionDeclarations(FunctionDeclaration.builder()
                                    .name("get_time")
                                    .parameters(Schema.builder()
                                            .type("OBJECT")
                                            .properties(Map.of(
                                                    "zone",
                                                    Schema.builder()
                                                            .type("STRING")
                                                            .build()))
                                            .build())
                                    .build())
                            .build())
                    .build();

            vendor.then(form.answer(Scene.TOOLS, false));
            GenerateContentResponse plain = client.models.generateContent("m", "What time is it?", config);
            assertThat(plain.functionCalls()).hasSize(2);
            assertThat(plain.functionCalls().getFirst().args().orElseThrow()).containsEntry("zone", "UTC");
            assertThat(plain.finishReason().knownEnum()).isEqualTo(FinishReason.Known.STOP);

            assertThat(vendor.nextCall().text()).contains("get_time", "zone");

            vendor.then(form.answer(Scene.TOOLS, true));
            List<String> called = new ArrayList<>();
            try (ResponseStream<GenerateContentResponse> stream =
                    client.models.generateContentStream("m", "What time is it?", config)) {
                for (GenerateContentResponse part : stream) {
                    if (part.functionCalls() != null) {
                        part.functionCalls()
                                .forEach(call -> called.add(call.name().orElseThrow()));
                    }
                }
            }
            assertThat(called).containsExactly("get_time", "get_place");

            vendor.then(form.answer(Scene.TEXT, true));
            StringBuilder text = new StringBuilder();
            int total = 0;
            try (ResponseStream<GenerateContentResponse> stream =
                    client.models.generateContentStream("m", "Hello", config)) {
                for (GenerateContentResponse part : stream) {
                    text.append(part.text() == null ? "" : part.text());
                    total = part.usageMetadata()
                            .flatMap(usage -> usage.totalTokenCount())
                            .orElse(total);
                }
            }
            assertThat(text.toString()).isEqualTo(Scene.TEXT.heard.text());
            assertThat(total).isEqualTo(135);

            assertThatThrownBy(() -> stranger.models.generateContent("m", "Hello", config))
                    .isInstanceOfSatisfying(
                            ClientException.class,
                            error -> assertThat(error.code()).isEqualTo(401));
        }
    }

    private Client google(String key) {
        return Client.builder()
                .apiKey(key)
                .httpOptions(HttpOptions.builder().baseUrl(gateway.url()).build())
                .build();
    }

    private OpenAIClient openai() {
        return OpenAIOkHttpClient.builder()
                .baseUrl(gateway.url() + "/v1")
                .apiKey(gateway.token().key())
                .maxRetries(0)
                .build();
    }

    @ParameterizedTest
    @EnumSource(VendorsForm.class)
    void servesOpenAisSdk_withChat(VendorsForm form) {
        gateway.channel(vendor, form.channel(vendor));
        OpenAIClient client = openai();
        ChatCompletionCreateParams ask = ChatCompletionCreateParams.builder()
                .model("m")
                .addSystemMessage("Be brief.")
                .addUserMessage("What time is it?")
                .addFunctionTool(FunctionDefinition.builder()
                        .name("get_time")
                        .parameters(FunctionParameters.builder()
                                .putAdditionalProperty("type", com.openai.core.JsonValue.from("object"))
                                .putAdditionalProperty(
                                        "properties",
                                        com.openai.core.JsonValue.from(Map.of("zone", Map.of("type", "string"))))
                                .build())
                        .build())
                .streamOptions(
                        ChatCompletionStreamOptions.builder().includeUsage(true).build())
                .build();

        vendor.then(form.answer(Scene.TOOLS, false));
        ChatCompletion plain = client.chat().completions().create(ask);
        vendor.then(form.answer(Scene.TOOLS, true));
        ChatCompletionAccumulator streamed = ChatCompletionAccumulator.create();
        try (com.openai.core.http.StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(ask)) {
            stream.stream().forEach(streamed::accumulate);
        }

        assertThat(vendor.nextCall().text()).contains("get_time", "zone");
        for (ChatCompletion answer : new ChatCompletion[] {plain, streamed.chatCompletion()}) {
            ChatCompletion.Choice choice = answer.choices().getFirst();
            assertThat(choice.finishReason()).isEqualTo(ChatCompletion.Choice.FinishReason.TOOL_CALLS);
            assertThat(choice.message().content()).contains("Let me look.");
            assertThat(choice.message().toolCalls().orElseThrow())
                    .extracting(call -> call.asFunction().function().name())
                    .containsExactly("get_time", "get_place");
            assertThat(choice.message()
                            .toolCalls()
                            .orElseThrow()
                            .getFirst()
                            .asFunction()
                            .function()
                            .arguments())
                    .contains("UTC");
            assertThat(answer.usage().orElseThrow().totalTokens()).isEqualTo(135);
        }
    }

    @ParameterizedTest
    @EnumSource(VendorsForm.class)
    void servesOpenAisSdk_withResponses(VendorsForm form) {
        gateway.channel(vendor, form.channel(vendor));
        OpenAIClient client = openai();
        ResponseCreateParams ask =
                ResponseCreateParams.builder().model("m").input("Hello").build();

        vendor.then(form.answer(Scene.TOOLS, false));
        Response plain = client.responses().create(ask);
        vendor.then(form.answer(Scene.TOOLS, true));
        ResponseAccumulator streamed = ResponseAccumulator.create();
        try (com.openai.core.http.StreamResponse<ResponseStreamEvent> stream =
                client.responses().createStreaming(ask)) {
            stream.stream().forEach(streamed::accumulate);
        }

        for (Response response : new Response[] {plain, streamed.response()}) {
            if (form != VendorsForm.OPENAI_RESPONSES) {
                response.validate();
            }
            assertThat(response.output().stream()
                            .filter(item -> item.isFunctionCall())
                            .map(item -> item.asFunctionCall().name()))
                    .containsExactly("get_time", "get_place");
            assertThat(response.usage().orElseThrow().totalTokens()).isEqualTo(135);
        }
    }
}
