package dev.sluice.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is counted when a vendor sends no usage. The numbers of tokens are those of o200k_base. */
class CountingTest {
    @BeforeAll
    static void load() {
        TokenCount.load();
    }

    private static long tokens(String text) {
        TokenCount count = new TokenCount();
        text.chars().forEach(character -> count.accept((char) character));
        return count.total();
    }

    @ParameterizedTest
    @CsvSource({"'hello world', 2", "'你好世界，这是一个测试', 5", "'function foo(bar) { return bar + 1; }', 12"})
    void countsAsTheTokenizerDoes(String text, long expected) {
        assertThat(tokens(text)).isEqualTo(expected);
    }

    @Test
    void countsALongTextPieceByPiece_asIfItWereOne() {
        String sentence = "The quick brown fox jumps over the lazy dog, and then some more of it. ";

        assertThat(tokens(sentence.repeat(200))).isCloseTo(200 * (tokens(sentence + "x") - 1), within(10));
        assertThat(tokens("x".repeat(100_000))).as("a word without an end").isPositive();
    }

    private static org.assertj.core.data.Offset<Long> within(long few) {
        return org.assertj.core.data.Offset.offset(few);
    }

    private static long prompt(String json) {
        return PromptCount.of(json.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void countsTheTextsOfAPrompt_andFourForEachMessage() {
        assertThat(prompt("{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hello world\"}]}"))
                .isEqualTo(2 + 4);
        assertThat(prompt("{\"model\":\"m\",\"input\":[\"hello world\",\" hello world\"]}"))
                .isEqualTo(4);
    }

    @Test
    void countsAHugePromptByItsFirstPart() {
        String text = "hello world ".repeat(100_000);

        assertThat(prompt("{\"input\":\"" + text + "\"}")).isBetween(190_000L, 215_000L);
    }

    private static String image(byte[] head, String detail) {
        byte[] bytes = java.util.Arrays.copyOf(head, 2_000);
        return "{\"messages\":[{\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,"
                + Base64.getEncoder().encodeToString(bytes) + "\"" + detail + "}}]}]}";
    }

    private static byte[] png(int width, int height) {
        return ByteBuffer.allocate(32)
                .putInt(0x89504E47)
                .putInt(16, width)
                .putInt(20, height)
                .array();
    }

    @ParameterizedTest
    @CsvSource({"1024, 1024, 765", "2048, 4096, 1105", "500, 500, 255", "4096, 8192, 1105"})
    void countsAnImageByItsTiles(int width, int height, long expected) {
        assertThat(prompt(image(png(width, height), ""))).isEqualTo(expected);
    }

    @Test
    void countsAnImageOfLowDetail_andOneThatCannotBeSeen() {
        assertThat(prompt(image(png(4096, 8192), ",\"detail\":\"low\""))).isEqualTo(85);
        assertThat(prompt(image(new byte[32], ""))).isEqualTo(765);
        assertThat(prompt("{\"messages\":[{\"content\":[{\"type\":\"image_url\",\"image_url\":"
                        + "{\"url\":\"https://example.org/a.png\"}}]}]}"))
                .isEqualTo(765);
    }

    @Test
    void readsTheSizeOfEachKindOfImage() {
        byte[] jpeg = {
            (byte) 0xFF,
            (byte) 0xD8,
            (byte) 0xFF,
            (byte) 0xE0,
            0,
            4,
            1,
            1,
            (byte) 0xFF,
            (byte) 0xC0,
            0,
            17,
            8,
            1,
            0,
            2,
            0,
            3
        };
        byte[] gif = {'G', 'I', 'F', '8', '9', 'a', 0, 2, 0, 1, 0, 0};
        byte[] webp = {
            'R',
            'I',
            'F',
            'F',
            0,
            0,
            0,
            0,
            'W',
            'E',
            'B',
            'P',
            'V',
            'P',
            '8',
            'X',
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            (byte) 0xFF,
            1,
            0,
            (byte) 0xFF,
            0,
            0,
            0
        };

        assertThat(Media.size(jpeg)).isEqualTo(new Media.Size(512, 256));
        assertThat(Media.size(gif)).isEqualTo(new Media.Size(512, 256));
        assertThat(Media.size(webp)).isEqualTo(new Media.Size(512, 256));
        assertThat(Media.size(new byte[3])).isNull();
    }

    @Test
    void countsSoundByItsSeconds() {
        byte[] wav = ByteBuffer.allocate(48_000 * 3)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put("RIFF....WAVEfmt ".getBytes(StandardCharsets.US_ASCII))
                .putInt(28, 48_000)
                .array();

        assertThat(prompt("{\"input_audio\":{\"data\":\"" + Base64.getEncoder().encodeToString(wav)
                        + "\",\"format\":\"wav\"}}"))
                .isEqualTo(30);
    }
}
