package dev.sluice.relay;

import dev.sluice.format.Format;
import dev.sluice.format.Frames;
import dev.sluice.format.OpenAiUsage;
import dev.sluice.wire.Reading;
import dev.sluice.wire.Usage;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** What a text costs that is spoken: its tokens, estimated, unless the sound comes in events, of which the last tells them. */
final class SpeechReading implements Reading {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String DONE = "{\"type\":\"speech.audio.done\"";
    private static final int LONGEST_DONE = 4 * 1024;

    private @Nullable Frames events;
    private @Nullable Usage told;

    SpeechReading(boolean inEvents) {
        events = inEvents ? Format.CHAT.frames() : null;
    }

    void accept(ByteBuf piece) {
        Frames frames = events;
        if (frames == null) {
            return;
        }
        byte[] bytes = ByteBufUtil.getBytes(piece);
        try {
            frames.accept(bytes, bytes.length, (name, data, from, to) -> event(data, from, to));
        } catch (IllegalArgumentException noEvents) {
            events = null; // it goes by unread
        }
    }

    private void event(byte[] data, int from, int to) {
        String beginning = new String(data, from, Math.min(DONE.length() + 8, to - from), StandardCharsets.UTF_8);
        if (to - from > LONGEST_DONE || !beginning.replace(" ", "").startsWith(DONE)) {
            return;
        }
        try {
            Usage usage = OpenAiUsage.of(JSON.readTree(data, from, to - from).path("usage"), false);
            if (!usage.empty()) {
                told = spoken(usage);
            }
        } catch (JacksonException notJson) {
            // then it tells nothing
        }
    }

    /** What comes out is sound. */
    private static Usage spoken(Usage usage) {
        Usage.Kinds sound = new Usage.Kinds(0, 0, 0, 0, usage.completion(), 0);
        return new Usage(usage.prompt(), usage.cached(), 0, usage.completion(), 0, sound, false);
    }

    @Override
    public Usage usage(LongSupplier prompt, boolean generates) {
        Usage usage = told;
        return usage == null ? new Usage(prompt.getAsLong(), 0, 0, 0, 0, true) : usage;
    }
}
