package dev.sluice.format;

import dev.sluice.wire.Reading;
import dev.sluice.wire.Usage;
import java.util.function.LongSupplier;

/**
 * Counts the pieces of one answer as they go by. The vendor's word counts; as long as its last one has not come, what
 * was seen counts where it is more: some vendors tell the prompt's size at first and the answer's only at its end.
 */
public final class Tally implements Reading {
    private Usage usage = Usage.NONE;
    private final TokenCount counter = new TokenCount();
    private boolean stopped;

    public void take(Piece piece) {
        switch (piece) {
            case Piece.Text text -> counter.add(text.text());
            case Piece.Thinking thinking -> counter.add(thinking.text());
            case Piece.Declined declined -> counter.add(declined.text());
            case Piece.CallStart call -> counter.add(call.name());
            case Piece.Arguments arguments -> counter.add(arguments.json());
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

    /** Counts what is seen in another way than as pieces. */
    public TokenCount counter() {
        return counter;
    }

    @Override
    public Usage usage(LongSupplier prompt, boolean generates) {
        if (stopped && !usage.empty()) {
            return usage;
        }
        long counted = generates ? counter.total() : 0;
        if (usage.empty()) {
            return new Usage(prompt.getAsLong(), 0, 0, counted, 0, true);
        }
        return counted > usage.completion()
                ? new Usage(
                        usage.prompt(),
                        usage.cached(),
                        usage.cacheWrite(),
                        counted,
                        usage.reasoning(),
                        usage.kinds(),
                        true)
                : usage;
    }
}
