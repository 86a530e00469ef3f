package dev.sluice.relay;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.testing.Answer;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.ScriptedVendor;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Text of strangers that would like to be a line of the log, or a header. */
@ExtendWith(NoLeaks.class)
class InjectionTest {
    private static final String FORGED = "2026-01-01T00:00:00Z WARN Forged all is well";

    private final Gateway gateway = Gateway.shared();
    private final ScriptedVendor vendor = ScriptedVendor.start();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);

    @BeforeEach
    void listen() {
        gateway.clearChannels();
        gateway.channel(vendor, "{}");
        log.start();
        root.addAppender(log);
    }

    @AfterEach
    void stop() {
        root.detachAppender(log);
        vendor.close();
    }

    @Test
    void aModelsNameIsNoLineOfTheLog() {
        vendor.answers(ScriptedVendor.chat("Hi", 1, 1));
        String model = "m\\r\\n" + FORGED + "\\u0085" + FORGED + "\\u2028" + FORGED + "\\u001b[31m";
        Gateway.NewToken token = gateway.token();
        gateway.send(
                "POST",
                "/v1/chat/completions",
                Map.of("Authorization", "Bearer " + token.key(), "x-request-id", "mine"),
                "{\"model\":\"" + model + "\",\"user\":\"" + model
                        + "\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");
        gateway.get("/v1/%0d%0a" + Gateway.escape(FORGED), token.key()).expect(404);

        List<String> lines =
                log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
        assertThat(lines).isNotEmpty();
        assertThat(lines).noneMatch(line -> line.matches("(?s).*[\\p{Cntrl}\\u0085\\u2028\\u2029].*"));
    }

    @Test
    void aModelsNameIsNoHeaderOfAnAnswer() {
        Answer answer = gateway.call(
                gateway.token().key(),
                "{\"model\":\"m\\r\\nX-Forged: yes\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}");

        assertThat(answer.header("X-Forged")).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"headers\":{\"X-A\":\"b\\r\\nX-Forged: yes\"}}",
                "{\"headers\":{\"X-A\\r\\nX-Forged\":\"yes\"}}",
                "{\"headers\":{\"X-A\":\"b\\u0000\"}}",
                "{\"keys\":[\"sk-a\\r\\nX-Forged: yes\"]}",
                "{\"base_url\":\"http://127.0.0.1/\\r\\nX-Forged: yes\"}"
            })
    void aChannelHoldsNothingThatWouldBeAnotherHeader(String fields) {
        String channel = dev.sluice.testing.Json.merge(
                        "{\"name\":\"x\",\"vendor\":\"openai\",\"models\":[\"*\"]}", fields)
                .toString();

        assertThat(gateway.api("POST", "/channels", channel).expect(400).body()).contains("\"errors\"");
    }
}
