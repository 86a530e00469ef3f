package dev.sluice.format;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * Puts the pieces of an answer one after the other, for forms that cannot interleave them: whatever comes while a tool
 * call's arguments are not complete waits for their end. Nearly always they come one after the other by themselves, and
 * nothing waits.
 */
final class InSequence {
    private static final int NONE = -1;

    private final Queue<Piece> waiting = new ArrayDeque<>();
    private int open = NONE; // the call whose arguments come
    private JsonEnd end = new JsonEnd();

    void take(Piece piece, Consumer<Piece> out) {
        if (open != NONE && index(piece) == open) {
            pass(piece, out);
            return;
        }
        waiting.add(piece);
        while (!waiting.isEmpty() && (open == NONE || end.reached())) {
            next(out);
        }
    }

    /** Nothing more comes: whatever waits goes now. */
    void rest(Consumer<Piece> out) {
        while (!waiting.isEmpty()) {
            next(out);
        }
    }

    /** The piece that waits longest; with a call, what there is of it. */
    private void next(Consumer<Piece> out) {
        Piece first = waiting.element();
        open = first instanceof Piece.CallStart ? index(first) : NONE;
        if (open == NONE) {
            waiting.remove();
            if (!(first instanceof Piece.Arguments)) { // those of a call that is closed are beyond its end
                out.accept(first);
            }
            return;
        }
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
            default -> NONE;
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
