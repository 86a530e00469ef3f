package dev.sluice.format;

/** Cuts what arrives from a vendor into events. */
public interface Frames {
    /** Takes one event. */
    interface Taker {
        /** @param name empty: the event has none */
        void take(String name, byte[] data, int from, int to);
    }

    /** An event larger than this is no event; the largest real ones hold an image. */
    int LARGEST = 32 * 1024 * 1024;

    /**
     * A piece of the stream, with all events that end in it.
     *
     * @throws IllegalArgumentException when it is not of this kind at all
     */
    void accept(byte[] piece, int length, Taker events);

    /** The stream has ended: an event that lacks only its end is one, too. */
    void end(Taker events);

    /** The media type of such a stream. */
    String type();
}
