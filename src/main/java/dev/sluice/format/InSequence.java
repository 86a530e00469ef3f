package dev.sluice.format;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * Puts tool calls whose arguments arrive interleaved one after the other, for forms that cannot interleave them. Nearly
 * always they come one after the other by themselves, and nothing waits.
 */
final class InSequence {
    private final Queue<Piece> waiting = new ArrayDeque<>();
    private int open = -1;
    private JsonEnd end = new JsonEnd();

    void take(Piece piece, Consumer<Piece> out) {
        if (index(piece) == open) {
            pass(piece, out);
            return;
        }
        waiting.add(piece);
        if (open < 0 || end.reached()) {
            next(out);
        }
    }

    /** Something else than a call comes, or the end: whatever waits goes now. */
    void rest(Consumer<Piece> out) {
        while (!waiting.isEmpty()) {
            next(out);
        }
        open = -1;
    }

    /** The call that waits longest, with what there is of it. */
    private void next(Consumer<Piece> out) {
        Piece first = waiting.peek();
        if (first == null) {
            return;
        }
        open = index(first);
        end = new JsonEnd();
        int size = waiting.size();
        for (int i = 0; i < size; i++) {
            Piece piece = waiting.remove();
            if (index(piece) == open) {
                pass(piece, out);
            } else {
                waiting.add(piece);
            }
        }
    }

    private void pass(Piece piece, Consumer<Piece> out) {
        if (piece instanceof Piece.Arguments arguments) {
            end.accept(arguments.json());
        }
        out.accept(piece);
    }

    private static int index(Piece piece) {
        return switch (piece) {
            case Piece.CallStart call -> call.index();
            case Piece.Arguments arguments -> arguments.index();
            default -> throw new IllegalArgumentException("not of a tool call: " + piece);
        };
    }

    /** Finds the end of a JSON object whose text arrives in pieces. */
    private static final class JsonEnd {
        private int depth;
        private boolean inString;
        private boolean escaped;
        private boolean reached;

        void accept(String json) {
            for (int i = 0; i < json.length(); i++) {
                char c = json.charAt(i);
                if (escaped) {
                    escaped = false;
                } else if (inString) {
                    escaped = c == '\\';
                    inString = c != '"';
                } else {
                    switch (c) {
                        case '"' -> inString = true;
                        case '{', '[' -> depth++;
                        case '}', ']' -> {
                            depth--;
                            reached |= depth == 0;
                        }
                        default -> {
                            // between
                        }
                    }
                }
            }
        }

        boolean reached() {
            return reached;
        }
    }
}
