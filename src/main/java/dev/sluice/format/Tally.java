package dev.sluice.format;

import dev.sluice.wire.Reading;
import dev.sluice.wire.Usage;

/**
 * Counts the pieces of one answer as they go by. The vendor's word counts; as long as its last one has not come, what
 * was seen counts where it is more: some vendors tell the prompt's size at first and the answer's only at its end.
 */
public final class Tally implements Reading {
    private static final int CHARACTERS_PER_TOKEN = 4;

    private Usage usage = Usage.NONE;
    private long characters;
    private boolean stopped;

    public void take(Piece piece) {
        switch (piece) {
            case Piece.Text text -> characters += text.text().length();
            case Piece.Thinking thinking -> characters += thinking.text().length();
            case Piece.Declined declined -> characters += declined.text().length();
            case Piece.CallStart call -> characters += call.name().length();
            case Piece.Arguments arguments -> characters += arguments.json().length();
            case Piece.Stop stop -> stopped = true;
            case Piece.Spent spent -> {
                if (!spent.usage().empty()) {
                    usage = spent.usage();
                }
            }
            case Piece.Start start -> {
                // nothing was said yet
            }
            case Piece.Sign sign -> {
                // not of the model's making
            }
            case Piece.Redacted redacted -> {
                // nobody can count it
            }
            case Piece.Vector vector -> {
                // is not counted in tokens
            }
            case Piece.Broken broken -> {
                // nothing was said
            }
        }
    }

    @Override
    public Usage usage(long promptEstimate, boolean generates) {
        long counted = generates ? (characters + CHARACTERS_PER_TOKEN - 1) / CHARACTERS_PER_TOKEN : 0;
        if (usage.empty()) {
            return new Usage(promptEstimate, 0, 0, counted, 0, true);
        }
        boolean more = !stopped && counted > usage.completion();
        return more
                ? new Usage(usage.prompt(), usage.cached(), usage.cacheWrite(), counted, usage.reasoning(), true)
                : usage;
    }
}
