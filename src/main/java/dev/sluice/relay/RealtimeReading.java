package dev.sluice.relay;

import dev.sluice.format.OpenAiUsage;
import dev.sluice.wire.Reading;
import dev.sluice.wire.Usage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What one answer of a realtime session uses: the vendor's word in {@code response.done}, and until that comes a count of
 * what was heard of it. Events of sound are never parsed, only measured.
 */
final class RealtimeReading implements Reading {
    private static final JsonMapper JSON = JsonMapper.shared();

    /** A model token is 50 ms of sound: at 24 kHz and 16 bits, in base64. */
    private static final int BASE64_PER_TOKEN = 3_200;

    /** A second of what was said to a model that bills by time, in the tokens of those that do not. */
    private static final int TOKENS_PER_SECOND = 10;

    private final long context;
    private @Nullable Usage said;
    private long textTokens;
    private long soundChars;

    /** @param context model tokens of the conversation up to now, which each answer reads again */
    RealtimeReading(long context) {
        this.context = context;
    }

    /** At most: all of it sound, which costs more than text everywhere. */
    static Usage spoken(long prompt, long completion) {
        return new Usage(prompt, 0, 0, completion, 0, new Usage.Kinds(0, prompt, 0, 0, completion, 0), true);
    }

    void text() {
        textTokens++; // an event of text is one token, nearly always
    }

    void sound(int bytes) {
        soundChars += bytes;
    }

    void said(Usage usage) {
        said = usage;
    }

    @Override
    public Usage usage(LongSupplier prompt, boolean generates) {
        Usage vendors = said;
        if (vendors != null) {
            return vendors;
        }
        long sound = soundChars / BASE64_PER_TOKEN;
        Usage.Kinds kinds = new Usage.Kinds(0, 0, 0, 0, sound, 0);
        return new Usage(context, 0, 0, textTokens + sound, 0, kinds, true);
    }

    /** Null: it is none. */
    static @Nullable JsonNode parse(ByteBuf event) {
        try {
            return JSON.readTree(new ByteBufInputStream(event.duplicate()));
        } catch (JacksonException notJson) {
            return null;
        }
    }

    /** Null: it tells none. */
    static @Nullable Usage usage(JsonNode node) {
        if (!node.isObject()) {
            return null;
        }
        if (node.path("seconds").isNumber()) {
            double seconds = node.path("seconds").asDouble();
            return new Usage((long) Math.ceil(seconds * TOKENS_PER_SECOND), 0, 0, 0, 0, true)
                    .heard(Math.round(seconds * 1_000));
        }
        Usage usage = OpenAiUsage.of(node, false);
        return usage.empty() ? null : usage;
    }

    /**
     * The event's {@code type}, found without parsing: strings are skipped over, and it nearly always stands first. Empty:
     * there is none.
     */
    static String type(ByteBuf event) {
        int depth = 0;
        boolean named = false;
        int end = event.writerIndex();
        for (int i = event.readerIndex(); i < end; i++) {
            switch (event.getByte(i)) {
                case '{', '[' -> depth++;
                case '}', ']' -> depth--;
                case '"' -> {
                    int close = close(event, i + 1, end);
                    if (close < 0) {
                        return "";
                    }
                    if (named) {
                        return event.toString(i + 1, close - i - 1, StandardCharsets.US_ASCII);
                    }
                    named = depth == 1 && isType(event, i + 1, close) && colonFollows(event, close + 1, end);
                    i = close;
                }
                case ':', ' ', '\t', '\r', '\n' -> {
                    // the value is still to come
                }
                default -> named = false;
            }
        }
        return "";
    }

    private static boolean isType(ByteBuf event, int from, int to) {
        return to - from == 4 && event.getInt(from) == ('t' << 24 | 'y' << 16 | 'p' << 8 | 'e');
    }

    private static boolean colonFollows(ByteBuf event, int from, int end) {
        int i = from;
        while (i < end && event.getByte(i) <= ' ') {
            i++;
        }
        return i < end && event.getByte(i) == ':';
    }

    /** Where the string that began before ends. */
    private static int close(ByteBuf event, int from, int end) {
        int quote = event.indexOf(from, end, (byte) '"');
        while (quote > from && escaped(event, from, quote)) {
            quote = event.indexOf(quote + 1, end, (byte) '"');
        }
        return quote;
    }

    private static boolean escaped(ByteBuf event, int from, int quote) {
        int slashes = 0;
        while (quote - 1 - slashes >= from && event.getByte(quote - 1 - slashes) == '\\') {
            slashes++;
        }
        return slashes % 2 == 1;
    }
}
