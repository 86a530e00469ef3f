package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Gateway;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a caller hears whose stream runs longer than the gateway may wait for it. */
class CutOffTest {
    private static final String STREAM =
            "{\"model\":\"m\",\"stream\":true,\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
    private static final String WORD = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";

    @Test
    void aStreamEndsInAnErrorEventOfTheCallersForm_whenTheGatewayGoesDown() {
        try (ScriptedVendor vendor = ScriptedVendor.start()) {
            Gateway gateway = Gateway.start("SLUICE_DRAIN_TIMEOUT=200ms");
            CompletableFuture<Void> closed;
            try {
                vendor.always(Script.events(WORD).stall());
                gateway.channel(vendor, "{}");
                String key = gateway.token().key();
                try (RawCall chat = gateway.raw(key, STREAM);
                        RawCall message =
                                RawCall.post(gateway.port(), "/v1/messages", Map.of("x-api-key", key), STREAM)) {
                    chat.readUntil(WORD);
                    message.readUntil("content_block_delta");
                    closed = CompletableFuture.runAsync(gateway::close);

                    assertThat(chat.readAll())
                            .startsWith(WORD + "data: {\"error\":")
                            .contains("\"code\":\"upstream_error\"")
                            .doesNotContain("[DONE]");
                    assertThat(chat.cutOff()).isFalse();
                    assertThat(message.readAll()).contains("event: error").doesNotContain("message_stop");
                    assertThat(message.cutOff()).isFalse();
                    closed.join();
                }
            } finally {
                gateway.close();
            }
        }
    }
}
