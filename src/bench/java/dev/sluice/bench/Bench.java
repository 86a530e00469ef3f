package dev.sluice.bench;

import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/**
 * What the gateway costs, next to a bare nginx: CPU time a plain call, CPU time a streamed chunk, and the memory under
 * many open streams. The proxy under test has core 0; the load, which is this program, and the mock vendor share core
 * 1. Rounds of the proxies alternate, so that a machine that changes its speed changes it for both.
 */
final class Bench {
    private static final int PROXY_CORE = 0;
    private static final int LOAD_CORE = 1;
    /** Time for connections to be made and queues to fill before a measurement begins. */
    private static final int SETTLE_SECONDS = 2;

    /** What a vendor takes that is quick. */
    private static final int SLOW_MILLIS = 60;

    private final Settings settings;
    private final EventLoopGroup loop = Loop.one();
    private final Report report;
    private boolean broken;

    private Bench(Settings settings) {
        this.settings = settings;
        this.report = new Report(settings);
    }

    /** A proxy as one of the rounds sees it. */
    private record Side(Program program, Target target, Samples plain, Samples chunks) {
        Side(Program program, Target target) {
            this(program, target, new Samples(), new Samples());
        }
    }

    public static void main(String[] arguments) throws Exception {
        if (Runtime.getRuntime().availableProcessors() < 2) {
            System.err.println("The benchmark needs two cores: one for the proxy, one for the load.");
            System.exit(2);
        }
        // All threads of this process, and so those they start later.
        Process pin = new ProcessBuilder(
                        "taskset",
                        "-acp",
                        String.valueOf(LOAD_CORE),
                        String.valueOf(ProcessHandle.current().pid()))
                .start();
        if (pin.waitFor() != 0) {
            System.err.println("The benchmark could not pin itself to core " + LOAD_CORE + " with taskset.");
            System.exit(2);
        }
        Path folder = Files.createTempDirectory("sluice-bench");
        int status = 1;
        try {
            status = new Bench(Settings.read()).run(folder);
        } catch (Exception e) {
            e.printStackTrace();
        } finally {
            delete(folder);
        }
        System.exit(status);
    }

    private int run(Path folder) throws Exception {
        Path portFile = folder.resolve("vendor.port");
        List<String> mock = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                MockVendor.class.getName(),
                portFile.toString());
        try (Program vendor = Program.start(LOAD_CORE, folder.resolve("vendor.log"), Map.of(), mock)) {
            int vendorPort = port(portFile, vendor);
            int[] ports = freePorts(3);
            try (Program nginx = Nginx.start(folder, PROXY_CORE, ports[0], vendorPort)) {
                Side bare = new Side(nginx, new Target("nginx", ports[0], "sk-mock"));
                if (settings.nginxOnly()) {
                    measure(bare, List.of(), folder);
                } else {
                    try (Gateway gateway =
                            Gateway.start(folder, PROXY_CORE, settings, ports[1], ports[2], vendorPort)) {
                        Side unlimited = new Side(gateway.program(), gateway.target("sluice", "null"));
                        Side finite =
                                new Side(gateway.program(), gateway.target("sluice, finite quota", "1000000"));
                        Side guarded = new Side(gateway.program(), gateway.guarded(Report.GUARDED));
                        measure(bare, List.of(unlimited, finite, guarded), folder);
                    }
                }
            }
        }
        report.print();
        Files.createDirectories(Path.of("target"));
        Files.writeString(Path.of("target", "bench.md"), report.markdown());
        return broken ? 1 : 0;
    }

    private void measure(Side bare, List<Side> sluice, Path folder) throws Exception {
        List<Side> all = Stream.concat(Stream.of(bare), sluice.stream()).toList();
        for (Side side : sluice.isEmpty() ? all : sluice) {
            say("warming up " + side.target().name());
            plain(side, settings.warmUpSeconds() / Math.max(1, sluice.size()));
        }
        List<Side> open = all.subList(0, Math.min(2, all.size()));
        List<Side> streaming = new ArrayList<>(open);
        if (!sluice.isEmpty()) {
            Side raw = sluice.get(0);
            streaming.add(new Side(raw.program(), raw.target().translated("sluice, from Anthropic's form")));
        }
        for (Side side : streaming.subList(1, streaming.size())) {
            streams(side, settings.warmUpSeconds() / 2);
        }
        all.forEach(side -> side.plain().clear());
        streaming.forEach(side -> side.chunks().clear());
        for (int round = 1; round <= settings.rounds(); round++) {
            for (Side side : all) {
                say("plain calls, round " + round + ", " + side.target().name() + ": "
                        + plain(side, settings.plainSeconds()));
            }
        }
        for (int round = 1; round <= settings.streamRounds(); round++) {
            for (Side side : streaming) {
                say("streams, round " + round + ", " + side.target().name() + ": "
                        + streams(side, settings.streamSeconds()));
            }
        }
        report.plain("nginx", bare.plain());
        streaming.forEach(side -> report.chunks(side.target().name(), side.chunks()));
        for (Side side : sluice) {
            report.plain(side.target().name(), side.plain());
        }
        for (Side side : open) {
            slow(side);
        }
        for (Side side : open) {
            open(side);
        }
    }

    /** Very many connections at a vendor that takes its time: none may fail. */
    private void slow(Side side) throws InterruptedException {
        say(settings.slowConnections() + " connections at a vendor that takes " + SLOW_MILLIS + " ms, "
                + side.target().name());
        try (PlainLoad load =
                new PlainLoad(loop, side.target().slow(SLOW_MILLIS), settings.slowConnections(), 0)) {
            Thread.sleep(settings.slowSeconds() * 1_000L);
            report.slow(side.target().name(), settings, load.calls(), load.failed());
            if (load.failed() > 0) {
                broken = true;
                report.trouble(side.target().name() + ": " + load.failed() + " calls of "
                        + settings.slowConnections() + " connections failed: " + load.firstFailure());
            }
        }
    }

    /** One round of plain calls at eight connections. */
    private String plain(Side side, int seconds) throws InterruptedException {
        expectAlive(side);
        try (PlainLoad load = new PlainLoad(loop, side.target(), 8, settings.callsPerSecond())) {
            Thread.sleep(Math.min(1_000, seconds * 200L));
            long calls = load.calls();
            long cpu = side.program().cpuNanos();
            long start = System.nanoTime();
            Thread.sleep(seconds * 1_000L);
            calls = load.calls() - calls;
            cpu = side.program().cpuNanos() - cpu;
            double took = (System.nanoTime() - start) / 1e9;
            if (load.failed() > 0 || calls == 0) {
                broken = true;
                report.trouble(side.target().name() + ": " + load.failed() + " plain calls failed: " + load.firstFailure()
                        + (side.program().alive() ? "" : "\n" + side.program().log()));
            }
            side.plain().add(cpu / 1e3 / Math.max(1, calls), calls / took, load.latencies());
            return side.plain().last();
        }
    }

    /** One round of streams; what is measured lies well inside the time when all of them are open. */
    private String streams(Side side, int seconds) throws InterruptedException {
        int chunks = (seconds + 2 * SETTLE_SECONDS) * 1_000 / settings.intervalMillis();
        StreamLoad load =
                new StreamLoad(loop, side.target(), settings.streams(), chunks, settings.intervalMillis(), 1_000);
        Thread.sleep((SETTLE_SECONDS + 1) * 1_000L);
        long events = load.events();
        long cpu = side.program().cpuNanos();
        long start = System.nanoTime();
        Thread.sleep(seconds * 1_000L - 1_000L);
        events = load.events() - events;
        cpu = side.program().cpuNanos() - cpu;
        double took = (System.nanoTime() - start) / 1e9;
        expectWhole(side, load, settings.streams(), 30);
        side.chunks().add(cpu / 1e3 / Math.max(1, events), events / took, new Latencies());
        return side.chunks().last();
    }

    /** Very many streams that say little: none may break, and the memory is read. */
    private void open(Side side) throws InterruptedException {
        int rampSeconds = 5;
        say(settings.openStreams() + " open streams, " + side.target().name());
        StreamLoad load = new StreamLoad(
                loop,
                side.target(),
                settings.openStreams(),
                settings.openSeconds() + rampSeconds,
                1_000,
                rampSeconds * 1_000);
        Thread.sleep((rampSeconds + settings.openSeconds() / 2) * 1_000L);
        long headed = load.headed();
        long held = side.program().kilobytes("VmRSS");
        expectWhole(side, load, settings.openStreams(), settings.openSeconds() + 30);
        report.open(side.target().name(), settings.openStreams(), headed, load.whole(), held, side.program()
                .kilobytes("VmHWM"));
    }

    private void expectWhole(Side side, StreamLoad load, int streams, long seconds) throws InterruptedException {
        boolean ended = load.awaitEnd(seconds);
        if (!ended || load.whole() != streams) {
            broken = true;
            report.trouble(side.target().name() + ": of " + streams + " streams " + load.whole() + " ended whole, "
                    + load.broken() + " broken: " + load.firstFailure()
                    + (side.program().alive() ? "" : "\n" + side.program().log()));
        }
    }

    private static void expectAlive(Side side) {
        if (!side.program().alive()) {
            throw new IllegalStateException(side.target().name() + " has ended:\n" + side.program().log());
        }
    }

    static int port(Path file, Program vendor) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (System.nanoTime() < deadline && vendor.alive()) {
            if (Files.exists(file) && Files.size(file) > 0) {
                return Integer.parseInt(Files.readString(file));
            }
            Thread.sleep(50);
        }
        throw new IllegalStateException("the mock vendor did not start:\n" + vendor.log());
    }

    /**
     * Ports below those that the system gives to outgoing connections: of these one could be taken between the look and
     * the start of the program that is to listen there.
     */
    static int[] freePorts(int count) {
        return new Random().ints(15_000, 32_000).distinct().filter(Bench::free).limit(count).toArray();
    }

    private static boolean free(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException e) {
            return false;
        }
    }

    private static void say(String line) {
        System.out.println(line);
    }

    static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
