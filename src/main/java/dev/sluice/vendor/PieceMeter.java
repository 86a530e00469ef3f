package dev.sluice.vendor;

import dev.sluice.format.AnswerReader;
import dev.sluice.format.Format;
import dev.sluice.format.Frames;
import dev.sluice.format.Piece;
import dev.sluice.format.Tally;
import dev.sluice.wire.TextSpotter;
import dev.sluice.wire.Usage;
import dev.sluice.wire.UsageSpotter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Watches an answer in a form of its own go by: it reads the events as a translation would, and counts. Dearer by some
 * two microseconds an event than looking for a word, and right for every form there is.
 */
final class PieceMeter implements Meter {
    /** It stands at the beginning of a response. */
    private static final Pattern ID = Pattern.compile("\"id\"\\s*:\\s*\"(resp_[A-Za-z0-9_-]{1,200})\"");

    private final Format format;
    private final AnswerReader reader;
    private final Frames frames;
    private final Tally tally = new Tally();
    private final TextSpotter texts =
            new TextSpotter(tally.counter(), "text", "content", "thinking", "reasoning_content", "arguments", "name");
    private final UsageSpotter document;
    private boolean broken;
    private boolean begun;
    private @Nullable String keptAs;

    PieceMeter(Format format, List<String> quirks) {
        this.format = format;
        this.reader = format.reader(quirks);
        this.frames = format.frames();
        this.document = new UsageSpotter(format.usageField());
    }

    private void take(Piece piece) {
        broken |= piece instanceof Piece.Broken;
        if (piece instanceof Piece.Start start
                && format == Format.RESPONSES
                && !start.id().isEmpty()) {
            keptAs = start.id();
        }
        tally.take(piece);
    }

    @Override
    public Event event(byte[] event, int from, int to) {
        byte[] bytes = from == 0 ? event : java.util.Arrays.copyOfRange(event, from, to);
        frames.accept(bytes, to - from, (name, data, start, end) -> reader.event(name, data, start, end, this::take));
        return broken ? Event.ERROR : reader.last() ? Event.LAST : Event.PART;
    }

    @Override
    public void large(byte[] piece, int from, int to, boolean ends) {
        texts.accept(piece, from, to);
    }

    @Override
    public void piece(byte[] piece, int length) {
        if (!begun && format == Format.RESPONSES) {
            Matcher id = ID.matcher(new String(piece, 0, Math.min(length, 1_000), StandardCharsets.UTF_8));
            keptAs = id.find() ? id.group(1) : null;
        }
        begun = true;
        for (int at = 0; at < length; at++) {
            document.accept(piece[at]);
        }
    }

    @Override
    public boolean metered() {
        byte[] spotted = document.usage();
        return spotted != null && !format.usage(spotted).empty();
    }

    @Override
    public void count(byte[] piece, int length) {
        texts.accept(piece, 0, length);
    }

    @Override
    public boolean whole() {
        return document.whole();
    }

    @Override
    public @Nullable String keptAs() {
        return keptAs;
    }

    @Override
    public boolean isError(byte[] answer) {
        return format.isError(answer);
    }

    @Override
    public boolean finished() {
        return reader.finished();
    }

    @Override
    public Usage usage(LongSupplier prompt, boolean generates) {
        byte[] spotted = document.usage();
        if (spotted != null) {
            Usage whole = format.usage(spotted);
            if (!whole.empty()) {
                return document.tier() == Usage.Tier.STANDARD ? whole : whole.at(document.tier());
            }
        }
        return tally.usage(prompt, generates);
    }

    @Override
    public String toString() {
        return Objects.toString(format);
    }
}
