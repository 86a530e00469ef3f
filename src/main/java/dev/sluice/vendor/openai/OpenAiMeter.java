package dev.sluice.vendor.openai;

import dev.sluice.format.OpenAiUsage;
import dev.sluice.format.TokenCount;
import dev.sluice.vendor.Meter;
import dev.sluice.wire.TextSpotter;
import dev.sluice.wire.Usage;
import dev.sluice.wire.UsageSpotter;
import java.nio.charset.StandardCharsets;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Watches one answer in OpenAI's form go by: what each event is, what was used, whether the answer is whole. Only an
 * event that holds a usage object is parsed; none is kept.
 */
final class OpenAiMeter implements Meter {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final byte[] USAGE = "\"usage\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] FINISH = "\"finish_reason\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DONE = "[DONE]".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ERROR = "{\"error\"".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] TYPE = "{\"type\":\"".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TEXT_DONE = "transcript.text.done".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] COMPLETED = ".completed".getBytes(StandardCharsets.US_ASCII);
    private static final int LONGEST_TYPE = 40;

    private final boolean completionExcludesReasoning;
    private final UsageSpotter document = new UsageSpotter();
    private UsageSpotter largeEvent = new UsageSpotter();
    private Usage usage = Usage.NONE;
    private Usage.Tier tier = Usage.Tier.STANDARD;
    private final TokenCount text = new TokenCount();
    private final TextSpotter spotter =
            new TextSpotter(text, "content", "reasoning_content", "reasoning", "refusal", "arguments", "name", "text");
    private boolean finished;
    private boolean inLarge;

    OpenAiMeter(boolean completionExcludesReasoning) {
        this.completionExcludesReasoning = completionExcludesReasoning;
    }

    @Override
    public Event event(byte[] event, int from, int to) {
        int data = data(event, from, to);
        if (data < 0) {
            return Event.PART;
        }
        if (starts(DONE, event, data, to)) {
            return Event.LAST;
        }
        if (starts(ERROR, event, data, to)) {
            return Event.ERROR;
        }
        spotter.accept(event, data, to);
        boolean typedLast = typeIsLast(event, data, to);
        if (!finished) {
            finished = typedLast || value(FINISH, event, data, to) == '"';
        }
        Event kind = value(USAGE, event, data, to) == '{' ? parsed(event, data, to) : Event.PART;
        return typedLast ? Event.PART : kind;
    }

    @Override
    public void large(byte[] piece, int from, int to, boolean ends) {
        spotter.accept(piece, from, to);
        if (!inLarge) {
            int data = data(piece, from, to);
            finished |= data >= 0 && typeIsLast(piece, data, to);
        }
        inLarge = !ends;
        for (int at = from; at < to; at++) {
            largeEvent.accept(piece[at]);
        }
        if (ends) {
            seen(largeEvent.usage());
            largeEvent = new UsageSpotter();
        }
    }

    @Override
    public boolean isError(byte[] answer) {
        int at = 0;
        while (at < answer.length && answer[at] <= ' ' && answer[at] >= 0) {
            at++;
        }
        return starts(ERROR, answer, at, answer.length);
    }

    @Override
    public void piece(byte[] piece, int length) {
        for (int at = 0; at < length; at++) {
            document.accept(piece[at]);
        }
    }

    @Override
    public boolean metered() {
        seen(document.usage());
        tier = document.tier() == Usage.Tier.STANDARD ? tier : document.tier();
        return !usage.empty();
    }

    @Override
    public void count(byte[] piece, int length) {
        spotter.accept(piece, 0, length);
    }

    @Override
    public boolean whole() {
        return document.whole();
    }

    /** Whether some choice of the stream gave the reason why it ended: then the answer is complete, {@code [DONE]} or not. */
    @Override
    public boolean finished() {
        return finished;
    }

    @Override
    public Usage usage(LongSupplier prompt, boolean generates) {
        if (metered()) {
            return tier == Usage.Tier.STANDARD ? usage : usage.at(tier);
        }
        long heard = document.soundMillis();
        return heard > 0
                ? Usage.NONE.heard(heard)
                : new Usage(prompt.getAsLong(), 0, 0, generates ? text.total() : 0, 0, true);
    }

    /** Transcripts and pictures end in an event whose type, which stands first, says so. */
    private static boolean typeIsLast(byte[] event, int data, int to) {
        if (!starts(TYPE, event, data, to)) {
            return false;
        }
        int from = data + TYPE.length;
        int end = from;
        while (end < to && end - from < LONGEST_TYPE && event[end] != '"') {
            end++;
        }
        return endsWith(TEXT_DONE, event, from, end) || endsWith(COMPLETED, event, from, end);
    }

    private static boolean endsWith(byte[] word, byte[] event, int from, int to) {
        return to - word.length >= from && starts(word, event, to - word.length, to);
    }

    private static int data(byte[] event, int from, int to) {
        int at = from;
        while (at < to) {
            if (at + 5 <= to
                    && event[at] == 'd'
                    && event[at + 1] == 'a'
                    && event[at + 2] == 't'
                    && event[at + 3] == 'a'
                    && event[at + 4] == ':') {
                at += 5;
                while (at < to && event[at] == ' ') {
                    at++;
                }
                boolean empty = at == to || event[at] == '\n' || event[at] == '\r';
                return empty ? -1 : at;
            }
            while (at < to && event[at] != '\n' && event[at] != '\r') {
                at++;
            }
            while (at < to && (event[at] == '\n' || event[at] == '\r')) {
                at++;
            }
        }
        return -1;
    }

    private static boolean starts(byte[] what, byte[] event, int from, int to) {
        if (to - from < what.length) {
            return false;
        }
        for (int i = 0; i < what.length; i++) {
            if (event[from + i] != what[i]) {
                return false;
            }
        }
        return true;
    }

    /** The first byte of the last non-null value of a field of that name, or 0. Inside a JSON string its quotes would be escaped. */
    private static byte value(byte[] quotedName, byte[] event, int from, int to) {
        byte found = 0;
        byte second = quotedName[1];
        for (int at = from; at <= to - quotedName.length; at++) {
            if (event[at + 1] != second || event[at] != '"' || !starts(quotedName, event, at, to)) {
                continue;
            }
            int after = at + quotedName.length;
            while (after < to && (event[after] == ' ' || event[after] == ':')) {
                after++;
            }
            if (after < to && event[after] != 'n') {
                found = event[after];
            }
        }
        return found;
    }

    private Event parsed(byte[] event, int from, int to) {
        JsonNode chunk;
        try {
            chunk = JSON.readTree(event, from, to - from);
        } catch (JacksonException e) {
            return Event.PART; // several data lines, or not JSON: it goes by as it is
        }
        JsonNode choices = chunk.path("choices");
        tier = Usage.Tier.of(chunk.path("service_tier").asString(""));
        seen(chunk.path("usage"));
        seen(chunk.path("x_groq").path("usage"));
        for (JsonNode choice : choices) {
            seen(choice.path("usage"));
        }
        boolean only = choices.isEmpty() && chunk.path("usage").isObject();
        return only ? Event.USAGE_ONLY : Event.PART;
    }

    private void seen(byte @Nullable [] json) {
        if (json != null) {
            try {
                seen(JSON.readTree(json));
            } catch (JacksonException e) {
                // not an object after all: then there is no usage
            }
        }
    }

    /** The last one counts: vendors repeat a running total, and an empty one means "not yet". */
    private void seen(JsonNode node) {
        if (!node.isObject()) {
            return;
        }
        Usage now = OpenAiUsage.of(node, completionExcludesReasoning);
        if (!now.empty()) {
            usage = now;
        }
    }
}
