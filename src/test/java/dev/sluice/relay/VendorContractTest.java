package dev.sluice.relay;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.format.AnswerReader;
import dev.sluice.format.AnswerWriter;
import dev.sluice.format.Events;
import dev.sluice.format.Format;
import dev.sluice.format.Frames;
import dev.sluice.format.Heading;
import dev.sluice.format.Piece;
import dev.sluice.testing.Gateway;
import dev.sluice.testing.Gateway.NewToken;
import dev.sluice.testing.Json;
import dev.sluice.testing.NoLeaks;
import dev.sluice.testing.RawCall;
import dev.sluice.testing.Script;
import dev.sluice.testing.ScriptedVendor;
import dev.sluice.wire.Usage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

/** What every vendor's form must do, over answers as its documents show them ({@link VendorsForm}). */
@ExtendWith(NoLeaks.class)
class VendorContractTest {
    private static final Heading HEADING = new Heading("1", "m", 0, true, 0, null);

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

    /** What was read, and whether the answer's end was among it. */
    private record Read(List<Piece> pieces, boolean finished, boolean last) {
        Heard heard() {
            byte[] chat = Format.CHAT.writer(HEADING).whole(pieces);
            return CallersForm.CHAT.plain(Json.read(new String(chat, UTF_8)));
        }

        Usage usage() {
            Usage usage = Usage.NONE;
            for (Piece piece : pieces) {
                usage = piece instanceof Piece.Spent spent ? spent.usage() : usage;
            }
            return usage;
        }

        boolean broken() {
            return pieces.stream().anyMatch(piece -> piece instanceof Piece.Broken);
        }
    }

    private static Read whole(VendorsForm form, Scene scene) {
        List<Piece> pieces = new ArrayList<>();
        form.format().reader(List.of()).whole(form.plain(scene).getBytes(UTF_8), pieces::add);
        return new Read(pieces, true, true);
    }

    private static byte[] stream(List<byte[]> events) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        events.forEach(all::writeBytes);
        return all.toByteArray();
    }

    /** @param random where the bytes are cut on their way; null: nowhere */
    private static Read streamed(VendorsForm form, byte[] stream, int length, Random random) {
        AnswerReader reader = form.format().reader(List.of());
        Frames frames = form.format().frames();
        List<Piece> pieces = new ArrayList<>();
        Frames.Taker taker = (name, data, from, to) -> reader.event(name, data, from, to, pieces::add);
        for (int at = 0; at < length; ) {
            int size = random == null ? length : Math.min(length - at, 1 + random.nextInt(60));
            frames.accept(Arrays.copyOfRange(stream, at, at + size), size, taker);
            at += size;
        }
        frames.end(taker);
        return new Read(pieces, reader.finished(), reader.last());
    }

    private static Heard expected(VendorsForm form, Scene scene) {
        Heard all = scene.heard;
        return new Heard(
                all.text(),
                all.thinking(),
                all.calls(),
                all.stop(),
                all.promptTokens(),
                form.cached(),
                all.completionTokens());
    }

    private static void tellsTheSame(VendorsForm form, Scene scene) {
        Read whole = whole(form, scene);
        assertThat(whole.heard()).isEqualTo(expected(form, scene));
        assertThat(whole.broken()).isFalse();

        byte[] stream = stream(form.events(scene));
        for (int seed = 0; seed < 50; seed++) {
            Read streamed = streamed(form, stream, stream.length, new Random(seed));
            assertThat(streamed.heard()).as("cut by seed %d", seed).isEqualTo(whole.heard());
            assertThat(streamed.broken()).isFalse();
            assertThat(streamed.finished()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsAText_wholeAndStreamed(VendorsForm form) {
        tellsTheSame(form, Scene.TEXT);
    }

    @ParameterizedTest
    @EnumSource
    void tellsToolCalls_eachWithAnIdOfItsOwn(VendorsForm form) {
        tellsTheSame(form, Scene.TOOLS);
        for (Read read : List.of(
                whole(form, Scene.TOOLS),
                streamed(form, stream(form.events(Scene.TOOLS)), stream(form.events(Scene.TOOLS)).length, null))) {
            List<Piece.CallStart> calls = read.pieces().stream()
                    .filter(piece -> piece instanceof Piece.CallStart)
                    .map(piece -> (Piece.CallStart) piece)
                    .toList();
            assertThat(calls).extracting(Piece.CallStart::index).containsExactly(0, 1);
            assertThat(calls)
                    .extracting(Piece.CallStart::id)
                    .doesNotHaveDuplicates()
                    .doesNotContain("");
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsReasoning_beforeWhatItLedTo(VendorsForm form) {
        tellsTheSame(form, Scene.THINKING);
        List<String> kinds = whole(form, Scene.THINKING).pieces().stream()
                .filter(piece -> piece instanceof Piece.Thinking || piece instanceof Piece.Text)
                .map(piece -> piece.getClass().getSimpleName())
                .distinct()
                .toList();
        assertThat(kinds).containsExactly("Thinking", "Text");
    }

    @ParameterizedTest
    @EnumSource
    void tellsWhyItEnded(VendorsForm form) {
        for (Scene scene : List.of(Scene.LENGTH, Scene.FILTERED)) {
            if (form.tells(scene)) {
                tellsTheSame(form, scene);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsTheSameUsage_wholeAndStreamed(VendorsForm form) {
        for (Scene scene : Scene.values()) {
            if (form.tells(scene)) {
                byte[] stream = stream(form.events(scene));
                Usage usage = whole(form, scene).usage();
                assertThat(usage.prompt()).isEqualTo(120);
                assertThat(usage.completion()).isEqualTo(15);
                assertThat(streamed(form, stream, stream.length, null).usage()).isEqualTo(usage);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsAnError_andNoneOfItsWordsInAStream(VendorsForm form) {
        assertThat(Format.message(form.error("max_tokens is too large").getBytes(UTF_8)))
                .isEqualTo("max_tokens is too large");

        List<byte[]> events = new ArrayList<>(form.events(Scene.TEXT).subList(0, 2));
        events.add(form.errorEvent());
        byte[] stream = stream(events);
        Read read = streamed(form, stream, stream.length, null);

        assertThat(read.broken()).isTrue();
        assertThat(read.pieces().toString()).doesNotContain("vendor.example");
    }

    /** At every byte: what came is the text's beginning, and nobody takes it for the whole. */
    @ParameterizedTest
    @EnumSource
    void isNeverTakenForWhole_whereItIsCutOff(VendorsForm form) {
        List<byte[]> events = form.events(Scene.TEXT);
        byte[] stream = stream(events);
        int end = 0; // of the event that says that the answer ends
        for (int count = 1; end == 0; count++) {
            byte[] beginning = stream(events.subList(0, count));
            end = streamed(form, stream, beginning.length, null).finished() ? beginning.length : 0;
        }
        String text = Scene.TEXT.heard.text();
        for (int length = 0; length < stream.length; length++) {
            Read read = streamed(form, stream, length, null);
            assertThat(text).startsWith(read.heard().text());
            if (length < end - 4) { // an event that lacks only its blank line is one
                assertThat(read.finished()).as("at byte %d", length).isFalse();
                assertThat(read.last()).isFalse();
            }
        }
    }

    /** Events lost, doubled, out of order, changed, cut: pieces come, or the word that it broke, and every caller is answered. */
    @ParameterizedTest
    @EnumSource
    void isReadWithoutHarm_whateverItSends(VendorsForm form) {
        int broke = 0;
        for (int seed = 0; seed < 400; seed++) {
            Random random = new Random(seed);
            Scene scene = Scene.values()[random.nextInt(form.tells(Scene.FILTERED) ? 5 : 4)];
            byte[] stream = stream(mangled(new ArrayList<>(form.events(scene)), random));
            byte[] whole = form.plain(scene).getBytes(UTF_8);
            whole[random.nextInt(whole.length)] = (byte) "{}[]\",:0n\\x".charAt(random.nextInt(11));
            List<Piece> plain = new ArrayList<>();
            List<Piece> pieces = List.of();
            form.format().reader(List.of()).whole(whole, plain::add);
            try {
                pieces = streamed(form, stream, stream.length, random).pieces();
            } catch (IllegalArgumentException noFrame) {
                broke++; // as the frames' contract allows
            }
            for (Format caller : List.of(Format.CHAT, Format.RESPONSES, Format.MESSAGES, Format.GEMINI)) {
                AnswerWriter writer = caller.writer(HEADING);
                Events events = new Events();
                pieces.forEach(piece -> writer.write(piece, events));
                writer.end(events);
                assertThat(events.taken()).as("seed %d", seed).isNotEmpty();
                assertThat(caller.writer(HEADING).whole(plain)).isNotEmpty();
            }
        }
        assertThat(broke).isLessThan(400);
    }

    private static List<byte[]> mangled(List<byte[]> events, Random random) {
        for (int change = 1 + random.nextInt(4); change > 0; change--) {
            int at = random.nextInt(events.size());
            int other = random.nextInt(events.size());
            byte[] event = events.get(at).clone();
            switch (random.nextInt(5)) {
                case 0 -> events.add(other, event);
                case 1 -> java.util.Collections.swap(events, at, other);
                case 2 -> event[random.nextInt(event.length)] ^= (byte) (1 << random.nextInt(7));
                case 3 -> event = Arrays.copyOf(event, random.nextInt(event.length));
                default -> event = event.length > 12 ? Arrays.copyOfRange(event, 6, event.length) : event;
            }
            if (event.length > 0) {
                events.set(at, event);
            } else if (events.size() > 1) {
                events.remove(at);
            }
        }
        return events;
    }

    @ParameterizedTest
    @EnumSource
    void isLeft_whenItsCallerLeaves(VendorsForm form) throws Exception {
        gateway.channel(vendor, form.channel(vendor));
        List<byte[]> events = form.events(Scene.TEXT);
        vendor.then(Script.pieces(200, form.streamType())
                .send(events.subList(0, events.size() - 2))
                .stall());
        NewToken token = gateway.token();

        try (RawCall call = RawCall.post(
                gateway.port(), CallersForm.CHAT.path("m", true), token.key(), CallersForm.CHAT.hello("m", true))) {
            assertThat(call.read().text()).isNotEmpty();
        }

        vendor.nextCall().callerLeft().get(5, TimeUnit.SECONDS);
        assertThat(gateway.onlyCall(token).path("status").asInt()).isEqualTo(499);
    }

    /** A wire without a form here would pass every test by not being tried. */
    @Test
    void triesEveryWireOfTheCatalog() throws IOException {
        TreeSet<String> wires = new TreeSet<>();
        TreeSet<String> tried = new TreeSet<>();
        try (InputStream file = Objects.requireNonNull(getClass().getResourceAsStream("/vendors.json"))) {
            for (JsonNode entry : Json.read(new String(file.readAllBytes(), UTF_8))) {
                String wire = entry.path("wire").asString();
                if (!wire.equals("task-relay")) { // they answer in no form of conversations
                    wires.add(wire);
                }
                for (VendorsForm form : VendorsForm.values()) {
                    if (form.vendor.equals(entry.path("id").asString())) {
                        tried.add(wire);
                    }
                }
            }
        }
        assertThat(wires).isNotEmpty();
        assertThat(tried).isEqualTo(wires);
    }
}
