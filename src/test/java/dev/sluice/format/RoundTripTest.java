package dev.sluice.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Refusal;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What was in the neutral form is in it again: written in a form and read from it, by the hundreds. What a form has no word
 * for is said once more, in {@link Kept}; it is left out as said there, or refused, and nothing else is.
 */
class RoundTripTest {
    private static final int ROUNDS = 1_500;

    private static final Heading HEADING = new Heading("1", "m", 0, true, 7, null);

    private static Conversation read(Format format, byte[] body, boolean stream) {
        return (Conversation) format.read(body, stream);
    }

    @ParameterizedTest
    @CsvSource({
        "CHAT, m",
        "RESPONSES, gpt-5.2",
        "RESPONSES, gpt-4o",
        "MESSAGES, m",
        "MESSAGES, claude-sonnet-4-5",
        "GEMINI, m",
        "GEMINI, gemini-2.5-flash",
        "GEMINI, gemini-3-flash"
    })
    void readsWhatItWrote_ofQuestions(Format format, String model) {
        int refused = 0;
        for (int seed = 0; seed < ROUNDS; seed++) {
            Conversation asked = new Chance(seed).conversation();
            ToolNames names = format.names(asked);
            List<String> quirks = List.of("keeps_thinking");
            boolean sayable = Kept.sayable(asked, format);
            byte[] body;
            try {
                body = format.write(asked, names, model, quirks);
            } catch (Refusal refusal) {
                assertThat(sayable)
                        .as("seed %d: %s", seed, refusal.getMessage())
                        .isFalse();
                assertThat(refusal.reason().status).isEqualTo(400);
                assertThat(refusal.param()).isEqualTo("messages");
                refused++;
                continue;
            }
            assertThat(sayable).as("seed %d: is not refused", seed).isTrue();

            Conversation again = read(format, body, asked.stream());

            assertThat(Kept.comparable(again, names))
                    .as("seed %d: %s", seed, new String(body, UTF_8))
                    .isEqualTo(Kept.comparable(Kept.of(asked, format, model), new ToolNames(List.of())));
            ToolNames same = format.names(again);
            assertThat(read(format, format.write(again, same, model, quirks), asked.stream()))
                    .as("seed %d: the second time", seed)
                    .isEqualTo(again);
        }
        assertThat(refused).isBetween(1, ROUNDS / 2);
    }

    @ParameterizedTest
    @EnumSource(
            value = Format.class,
            names = {"EMBEDDINGS", "GEMINI_EMBEDDING", "GEMINI_EMBEDDINGS"})
    void readsWhatItWrote_ofEmbeddings(Format format) {
        for (int seed = 0; seed < ROUNDS; seed++) {
            Chance chance = new Chance(seed);
            Texts asked = chance.texts();
            boolean many = asked.texts().size() > 1;
            try {
                byte[] body = format.write(asked, format.names(asked), "m", List.of());
                boolean google = format != Format.EMBEDDINGS;
                assertThat(format.read(body, false))
                        .as("seed %d", seed)
                        .isEqualTo(new Texts(
                                asked.texts(),
                                asked.dimensions(),
                                google ? asked.purpose() : null,
                                google ? asked.title() : null,
                                false));
            } catch (Refusal refusal) {
                assertThat(many && format == Format.GEMINI_EMBEDDING)
                        .as("seed %d", seed)
                        .isTrue();
            }

            List<Piece> vectors = chance.vectors(format == Format.GEMINI_EMBEDDING ? 1 : 1 + seed % 4);
            List<Piece> again = new ArrayList<>();
            byte[] answer =
                    format.writer(new Heading("1", "m", 0, false, 0, asked)).whole(vectors);
            format.reader(List.of()).whole(answer, again::add);
            assertThat(numbers(again)).as("seed %d", seed).isEqualTo(numbers(vectors));
        }
    }

    private static List<String> numbers(List<Piece> pieces) {
        return pieces.stream()
                .filter(piece -> piece instanceof Piece.Vector)
                .map(piece -> java.util.Arrays.toString(((Piece.Vector) piece).values()))
                .toList();
    }

    @ParameterizedTest
    @EnumSource(
            value = Format.class,
            names = {"CHAT", "RESPONSES", "MESSAGES", "GEMINI"})
    void readsWhatItWrote_ofAnswers(Format format) {
        for (int seed = 0; seed < ROUNDS; seed++) {
            List<Piece> pieces = new Chance(seed).answer();
            byte[] answer = format.writer(HEADING).whole(pieces);

            List<Piece> again = new ArrayList<>();
            format.reader(List.of()).whole(answer, again::add);

            assertThat(Kept.told(again))
                    .as("seed %d: %s", seed, new String(answer, UTF_8))
                    .isEqualTo(Kept.of(pieces, format, false));
        }
    }

    /** Cut anywhere, as networks do; and cut off, which is never taken for the end. */
    @ParameterizedTest
    @EnumSource(
            value = Format.class,
            names = {"CHAT", "RESPONSES", "MESSAGES", "GEMINI"})
    void readsWhatItWrote_ofStreams(Format format) {
        for (int seed = 0; seed < ROUNDS; seed++) {
            Chance chance = new Chance(seed);
            List<Piece> pieces = chance.answer();
            byte[] stream = streamed(format, pieces);

            Heard whole = hear(format, stream, stream.length, chance);

            assertThat(Kept.told(whole.pieces()))
                    .as("seed %d: %s", seed, new String(stream, UTF_8))
                    .isEqualTo(Kept.of(pieces, format, true));
            assertThat(whole.finished()).as("seed %d", seed).isTrue();

            Heard half = hear(format, stream, chance.below(stream.length - 2), chance);
            assertThat(format == Format.GEMINI ? half.finished() : half.last())
                    .as("seed %d: cut off", seed)
                    .isFalse();
        }
    }

    private static byte[] streamed(Format format, List<Piece> pieces) {
        AnswerWriter writer = format.writer(HEADING);
        Events events = new Events();
        pieces.forEach(piece -> writer.write(piece, events));
        writer.end(events);
        return events.taken();
    }

    private record Heard(List<Piece> pieces, boolean last, boolean finished) {}

    private static Heard hear(Format format, byte[] stream, int length, Chance chance) {
        AnswerReader reader = format.reader(List.of());
        Frames frames = format.frames();
        List<Piece> pieces = new ArrayList<>();
        Frames.Taker taker = (name, data, from, to) -> reader.event(name, data, from, to, pieces::add);
        for (int at = 0; at < length; ) {
            int size = Math.min(length - at, 1 + chance.below(40));
            frames.accept(java.util.Arrays.copyOfRange(stream, at, at + size), size, taker);
            at += size;
        }
        frames.end(taker);
        return new Heard(pieces, reader.last(), reader.finished());
    }
}
