package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.embeddings.EmbeddingCreateParams;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.ScriptedVendor;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** OpenAI's own SDK for Java talks to the gateway as to OpenAI: only the base URL is another. */
class OpenAiSdkTest {
    private static final ChatCompletionCreateParams HELLO = ChatCompletionCreateParams.builder()
            .model("gpt-4o-mini")
            .addUserMessage("Hello!")
            .build();

    private final Gateway gateway = Gateway.shared();

    private OpenAIClient client(String key) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(gateway.url() + "/v1")
                .apiKey(key)
                .maxRetries(0)
                .build();
    }

    @Test
    void servesTheOfficialSdk() {
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            gateway.clearChannels();
            gateway.channel(vendor, "{\"models\":[\"gpt-4o-mini\",\"text-embedding-3-small\"]}");
            OpenAIClient client = client(gateway.token().key());

            vendor.answers(ScriptedVendor.chat("Hello there", 19, 10));
            var answer = client.chat().completions().create(HELLO);
            assertThat(answer.choices().getFirst().message().content()).contains("Hello there");
            assertThat(answer.usage().orElseThrow().totalTokens()).isEqualTo(29);

            vendor.streams(ScriptedVendor.chatStream("Hello there", 19, 10));
            try (StreamResponse<ChatCompletionChunk> stream =
                    client.chat().completions().createStreaming(HELLO)) {
                String text = stream.stream()
                        .flatMap(chunk -> chunk.choices().stream())
                        .flatMap(choice -> choice.delta().content().stream())
                        .collect(Collectors.joining());
                assertThat(text).isEqualTo("Hello there");
            }

            vendor.answers(
                    "{\"object\":\"list\",\"model\":\"text-embedding-3-small\",\"data\":[{\"object\":\"embedding\","
                            + "\"index\":0,\"embedding\":[0.5,-1.0]}],\"usage\":{\"prompt_tokens\":5,\"total_tokens\":5}}");
            var embedding = client.embeddings()
                    .create(EmbeddingCreateParams.builder()
                            .model("text-embedding-3-small")
                            .input("Hello")
                            .encodingFormat(EmbeddingCreateParams.EncodingFormat.FLOAT)
                            .build());
            assertThat(embedding.data().getFirst().embedding()).containsExactly(0.5f, -1.0f);

            assertThat(client.models().list().data().stream().map(model -> model.id()))
                    .contains("gpt-4o-mini", "text-embedding-3-small");

            vendor.refuses(400, ScriptedVendor.error("no such voice", "invalid_request_error", "invalid_value"));
            assertThatThrownBy(() -> client.chat().completions().create(HELLO))
                    .isInstanceOfSatisfying(
                            BadRequestException.class,
                            error -> assertThat(error.code()).contains("invalid_value"));
            assertThatThrownBy(() -> client("sk-wrong").chat().completions().create(HELLO))
                    .isInstanceOfSatisfying(
                            UnauthorizedException.class,
                            error -> assertThat(error.code()).contains("invalid_api_key"));
        }
    }
}
