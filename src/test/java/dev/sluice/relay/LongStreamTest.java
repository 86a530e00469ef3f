package dev.sluice.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.format.Format;
import dev.sluice.format.Heading;
import dev.sluice.format.Question;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a translated stream keeps while it goes by. The form of responses is not here: its last event repeats the whole answer. */
class LongStreamTest {
    private static final int EVENTS = 20_000;
    private static final String TEXT = "forty characters of an answer, no more. ".repeat(5);

    @ParameterizedTest
    @EnumSource(names = {"CHAT", "MESSAGES"})
    void keepsNothingOfAnAnswer_howeverLongItIs(Format callers) {
        byte[] ask = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}".getBytes(UTF_8);
        Question question = Format.CHAT.read(ask, true);
        Translation translation = new Translation(
                question,
                callers,
                Format.MESSAGES,
                "claude-sonnet-4-5",
                List.of(),
                new Heading("id", "m", 0, true, 1, question));
        say(translation, "{\"type\":\"message_start\",\"message\":{\"id\":\"msg\",\"usage\":{\"input_tokens\":1}}}");
        say(
                translation,
                "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
        String delta = "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\""
                + TEXT + "\"}}";
        long written = say(translation, delta, 1_000);
        long before = used();

        written += say(translation, delta, EVENTS);

        assertThat(written).isGreaterThan((long) EVENTS * TEXT.length());
        assertThat(used() - before).as("bytes kept of %s", written).isLessThan(1_000_000);
        assertThat(translation.failure()).isNull();
    }

    private static long say(Translation translation, String data, int times) {
        long written = 0;
        for (int i = 0; i < times; i++) {
            written += say(translation, data);
        }
        return written;
    }

    private static int say(Translation translation, String data) {
        byte[] event = ("data: " + data + "\n\n").getBytes(UTF_8);
        translation.accept(event, event.length);
        return translation.taken().length;
    }

    private static long used() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
