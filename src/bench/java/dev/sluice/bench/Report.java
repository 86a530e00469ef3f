package dev.sluice.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The table of a run, with the limits that the project set itself. */
final class Report {
    private static final double PLAIN_LIMIT = 5;
    private static final double CHUNK_LIMIT = 1.6;
    private static final double TRANSLATED_LIMIT = 2;
    private static final long MEMORY_LIMIT_MB = 400;

    /** Of ten thousand streams. */
    private static final long LARGE_MEMORY_LIMIT_MB = 700;

    static final String GUARDED = "sluice, limits and stickiness";
    private static final double GUARDED_LIMIT = 1.1;

    private final Settings settings;
    private final Map<String, Samples> plain = new LinkedHashMap<>();
    private final Map<String, Samples> chunks = new LinkedHashMap<>();
    private final List<String> open = new ArrayList<>();
    private final List<String> slow = new ArrayList<>();
    private final List<String> troubles = new ArrayList<>();

    Report(Settings settings) {
        this.settings = settings;
    }

    void plain(String name, Samples samples) {
        plain.put(name, samples);
    }

    void chunks(String name, Samples samples) {
        chunks.put(name, samples);
    }

    void slow(String name, Settings of, long calls, long failed) {
        slow.add(row(
                name,
                String.valueOf(of.slowConnections()),
                String.valueOf(calls / of.slowSeconds()),
                String.valueOf(failed),
                verdict(failed == 0)));
    }

    void open(String name, int streams, long headed, long whole, long residentKb, long peakKb) {
        boolean limited = !name.equals("nginx");
        open.add(row(
                name,
                String.valueOf(streams),
                String.valueOf(headed),
                String.valueOf(whole),
                String.valueOf(residentKb / 1024),
                String.valueOf(peakKb / 1024),
                limited ? "≤ " + memoryLimit(streams) : "",
                limited ? verdict(whole == streams && peakKb / 1024 <= memoryLimit(streams)) : ""));
    }

    private static long memoryLimit(int streams) {
        return streams > 2_000 ? LARGE_MEMORY_LIMIT_MB : MEMORY_LIMIT_MB;
    }

    void trouble(String text) {
        System.out.println("TROUBLE: " + text);
        troubles.add(text);
    }

    void print() {
        System.out.println("\n" + markdown());
    }

    String markdown() {
        StringBuilder text = new StringBuilder();
        text.append("JVM ").append(Runtime.version()).append(", ").append(String.join(" ", settings.jvm()));
        text.append("\n\nPlain calls at 8 connections, median of ").append(settings.rounds()).append(" rounds\n\n");
        text.append(row("proxy", "CPU µs a call", "lowest – highest", "× nginx", "limit", "", "calls/s", "p50 µs", "p99 µs"));
        text.append(line(9));
        plain.forEach((name, samples) -> text.append(row(
                name,
                one(samples.cpuMicros()),
                one(samples.lowest()) + " – " + one(samples.highest()),
                ratio(samples, plain),
                plainLimit(name),
                name.equals("nginx") ? "" : verdict(samples.cpuMicros() <= mostPlain(name)),
                whole(samples.rate()),
                whole(samples.medianLatency()),
                whole(samples.tailLatency()))));
        text.append("\nStreamed chunks, ").append(settings.streams()).append(" streams at one chunk each ");
        text.append(settings.intervalMillis()).append(" ms, median of ").append(settings.streamRounds());
        text.append(" rounds\n\n");
        text.append(row("proxy", "CPU µs a chunk", "lowest – highest", "× nginx", "limit", "", "chunks/s"));
        text.append(line(7));
        chunks.forEach((name, samples) -> text.append(row(
                name,
                one(samples.cpuMicros()),
                one(samples.lowest()) + " – " + one(samples.highest()),
                ratio(samples, chunks),
                chunkLimit(name),
                name.equals("nginx") ? "" : verdict(samples.cpuMicros() <= most(name)),
                whole(samples.rate()))));
        text.append("\nConnections at a vendor that takes 60 ms, for ").append(settings.slowSeconds()).append(" s\n\n");
        text.append(row("proxy", "connections", "calls/s", "failed", ""));
        text.append(line(5));
        slow.forEach(text::append);
        text.append("\nOpen streams at one chunk a second for ").append(settings.openSeconds()).append(" s\n\n");
        text.append(row("proxy", "opened", "open at once", "ended whole", "RSS MB", "peak RSS MB", "limit", ""));
        text.append(line(8));
        open.forEach(text::append);
        troubles.forEach(trouble -> text.append("\nTrouble: ").append(trouble).append('\n'));
        return text.toString();
    }

    /** Limits and stickiness are held against a call without them, in the same run. */
    private double mostPlain(String name) {
        Samples without = plain.get("sluice");
        return without == null || !name.equals(GUARDED)
                ? PLAIN_LIMIT * base(plain)
                : GUARDED_LIMIT * without.cpuMicros();
    }

    private static String plainLimit(String name) {
        return switch (name) {
            case "nginx" -> "";
            case GUARDED -> "≤ " + GUARDED_LIMIT + " × sluice";
            default -> "≤ " + PLAIN_LIMIT;
        };
    }

    /** A translated chunk is held against one that passes, in the same run. */
    private double most(String name) {
        Samples raw = chunks.get("sluice");
        return raw == null || name.equals("sluice") ? CHUNK_LIMIT * base(chunks) : TRANSLATED_LIMIT * raw.cpuMicros();
    }

    private static String chunkLimit(String name) {
        return switch (name) {
            case "nginx" -> "";
            case "sluice" -> "≤ " + CHUNK_LIMIT;
            default -> "≤ " + TRANSLATED_LIMIT + " × sluice";
        };
    }

    private static double base(Map<String, Samples> samples) {
        Samples nginx = samples.get("nginx");
        return nginx == null ? Double.NaN : nginx.cpuMicros();
    }

    private static String ratio(Samples samples, Map<String, Samples> all) {
        return String.format(Locale.ROOT, "%.2f", samples.cpuMicros() / base(all));
    }

    private static String verdict(boolean kept) {
        return kept ? "kept" : "MISSED";
    }

    private static String one(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }

    private static String whole(double value) {
        return String.format(Locale.ROOT, "%.0f", value);
    }

    private static String row(String... cells) {
        return "| " + String.join(" | ", cells) + " |\n";
    }

    private static String line(int cells) {
        return "|" + " --- |".repeat(cells) + "\n";
    }
}
