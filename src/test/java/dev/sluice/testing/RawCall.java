package dev.sluice.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/1.1 exchange on a plain socket, for tests that mind when each byte comes, read slowly, or leave half way.
 * Every read has a bound of ten seconds.
 */
public final class RawCall implements Closeable {
    /** A piece of the body as it came, without the chunked framing, and when. */
    public record Read(long nanos, byte[] bytes) {
        public String text() {
            return new String(bytes, UTF_8);
        }
    }

    private final Socket socket;
    private final InputStream in;
    private final List<Read> reads = new ArrayList<>();
    private final List<Map.Entry<String, String>> headers = new ArrayList<>();
    private int status;
    private boolean chunked;
    /** Bytes left of the body, or of the current chunk; negative: up to the end of the connection. */
    private long left;

    private boolean ended;
    private boolean cutOff;

    private RawCall(Socket socket) throws IOException {
        this.socket = socket;
        this.in = socket.getInputStream();
    }

    /** Posts JSON with a bearer token. */
    public static RawCall post(int port, String path, String token, String json) {
        return post(port, path, Map.of("Authorization", "Bearer " + token), json);
    }

    public static RawCall post(int port, String path, Map<String, String> headers, String json) {
        String lines = headers.entrySet().stream()
                .map(header -> header.getKey() + ": " + header.getValue() + "\r\n")
                .collect(Collectors.joining());
        byte[] body = json.getBytes(UTF_8);
        String head = "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\nContent-Type: application/json\r\n"
                + lines + "Content-Length: " + body.length + "\r\n\r\n";
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(head.getBytes(ISO_8859_1));
        request.writeBytes(body);
        return send(port, request.toByteArray());
    }

    /** Sends these bytes, whatever they are. */
    public static RawCall send(int port, byte[] request) {
        return send(port, request, 0);
    }

    /** Sends these bytes on a socket that can hold only so much unread answer; 0: as the system likes. */
    public static RawCall send(int port, byte[] request, int receiveBuffer) {
        try {
            Socket socket = new Socket();
            if (receiveBuffer > 0) {
                socket.setReceiveBufferSize(receiveBuffer);
            }
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(10_000);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5_000);
            socket.getOutputStream().write(request);
            return new RawCall(socket);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends more of the request. */
    public RawCall more(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public int status() {
        readHead();
        return status;
    }

    public @Nullable String header(String name) {
        readHead();
        return headers.stream()
                .filter(header -> header.getKey().equalsIgnoreCase(name))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(null);
    }

    /** All header lines, names as they came. */
    public List<Map.Entry<String, String>> headers() {
        readHead();
        return List.copyOf(headers);
    }

    /** The next piece of the body; null: it has ended, rightly or not. */
    public @Nullable Read read() {
        readHead();
        try {
            return readPiece();
        } catch (EOFException | java.net.SocketException e) {
            ended = true;
            cutOff = true;
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads until the body so far contains the text; answers what came up to then. */
    public String readUntil(String text) {
        while (!body().contains(text)) {
            if (read() == null) {
                throw new AssertionError("the answer ended without \"" + text + "\": " + body());
            }
        }
        return body();
    }

    /** Reads to the end. */
    public String readAll() {
        Read piece = read();
        while (piece != null) {
            piece = read();
        }
        return body();
    }

    /** Reads to the end, counts and forgets: for answers too long to keep. */
    public long readAway() {
        long bytes = 0;
        for (Read piece = read(); piece != null; piece = read()) {
            bytes += piece.bytes().length;
            reads.clear();
        }
        return bytes;
    }

    /** The body as far as it was read. */
    public String body() {
        return new String(bytes(), UTF_8);
    }

    public byte[] bytes() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        reads.forEach(read -> all.writeBytes(read.bytes()));
        return all.toByteArray();
    }

    public List<Read> reads() {
        return List.copyOf(reads);
    }

    /** Whether the body ended before its framing said so. */
    public boolean cutOff() {
        return cutOff;
    }

    /** Goes away politely, whatever is still to come. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Goes away with a reset. */
    public void reset() {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void readHead() {
        if (status != 0) {
            return;
        }
        try {
            readHead(line());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void readHead(String statusLine) throws IOException {
        int code = Integer.parseInt(statusLine.split(" ", 3)[1]);
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.add(Map.entry(
                    line.substring(0, colon), line.substring(colon + 1).strip()));
        }
        if (code == 100) {
            headers.clear();
            readHead(line());
            return;
        }
        status = code;
        String length = header("Content-Length");
        chunked = "chunked".equalsIgnoreCase(header("Transfer-Encoding"));
        left = chunked ? 0 : length == null ? -1 : Long.parseLong(length);
        if (code == 204 || code == 304 || left == 0 && !chunked) {
            ended = true;
        }
    }

    private @Nullable Read readPiece() throws IOException {
        if (ended) {
            return null;
        }
        if (chunked && left == 0) {
            left = Long.parseLong(line().split(";", 2)[0].strip(), 16);
            if (left == 0) {
                line();
                ended = true;
                return null;
            }
        }
        byte[] piece = new byte[(int) Math.min(left < 0 ? 65_536 : left, 65_536)];
        int count = in.read(piece);
        if (count < 0) {
            if (left < 0) {
                ended = true;
                return null;
            }
            throw new EOFException();
        }
        Read read = new Read(System.nanoTime(), java.util.Arrays.copyOf(piece, count));
        reads.add(read);
        left = left < 0 ? left : left - count;
        if (chunked && left == 0) {
            line();
        }
        ended = !chunked && left == 0;
        return read;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("the connection ended after \"" + line + "\"");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }
}
