package dev.sluice.console;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.core.io.support.ResourcePatternResolver;
import org.springframework.stereotype.Component;

/**
 * The console's files, in memory, plain and gzipped: the program's own and those of its libraries. All but the page live
 * under one version, the hash of them all, so that a browser may keep them for ever and never mixes two releases.
 */
@Component
final class ConsoleFiles {
    static final String PAGE = "index.html";

    private static final String OURS = "classpath*:console/**/*.*";

    /** Where the libraries' jars hold what the pages import, whatever their version; each has one such file. */
    private static final Map<String, String> LIBRARIES = Map.of(
            "lib/preact.js", "classpath*:META-INF/resources/webjars/preact/*/dist/preact.module.js",
            "lib/hooks.js", "classpath*:META-INF/resources/webjars/preact/*/hooks/dist/hooks.module.js",
            "lib/htm.js", "classpath*:META-INF/resources/_static/htm/*/dist/htm.module.js",
            "lib/uplot.js", "classpath*:META-INF/resources/webjars/uplot/*/dist/uPlot.esm.js",
            "lib/uplot.css", "classpath*:META-INF/resources/webjars/uplot/*/dist/uPlot.min.css");

    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html;charset=utf-8",
            "js", "text/javascript;charset=utf-8",
            "css", "text/css;charset=utf-8",
            "svg", "image/svg+xml");

    /** One file as it goes out. */
    record File(String type, String hash, byte[] plain, byte[] gzipped) {
        static File of(String name, byte[] bytes) {
            String type = TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "application/octet-stream");
            return new File(type, ConsoleFiles.hash(bytes), bytes, gzip(bytes));
        }
    }

    private final Map<String, File> files = new TreeMap<>();
    private final String version;
    private final File page;

    ConsoleFiles() throws IOException {
        ResourcePatternResolver resolver = new PathMatchingResourcePatternResolver(ConsoleFiles.class.getClassLoader());
        for (Resource resource : resolver.getResources(OURS)) {
            String url = resource.getURL().toString();
            String name = url.substring(url.lastIndexOf("/console/") + "/console/".length());
            files.put(name, File.of(name, resource.getContentAsByteArray()));
        }
        for (Map.Entry<String, String> library : LIBRARIES.entrySet()) {
            files.put(library.getKey(), library(library.getKey(), resolver.getResources(library.getValue())));
        }
        String all = files.entrySet().stream()
                .map(file -> file.getKey() + " " + file.getValue().hash)
                .collect(Collectors.joining("\n"));
        version = hash(all.getBytes(StandardCharsets.UTF_8));
        page = withVersion();
    }

    /**
     * A browser resolves {@code import "preact"} by an import map alone, which is an inline script, and those the
     * Content-Security-Policy forbids. So the name becomes a path. Source maps are not served.
     */
    private static File library(String name, Resource[] found) throws IOException {
        if (found.length != 1) {
            throw new IllegalStateException("The console needs one library file " + name + ", and there are "
                    + found.length + " of it on the class path.");
        }
        String text = found[0].getContentAsString(StandardCharsets.UTF_8)
                .replace("from\"preact\"", "from\"./preact.js\"")
                .replaceFirst("(?m)^//# sourceMappingURL=.*$", "");
        return File.of(name, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The page names the version, and all modules, for the browser to fetch at once and not import by import. */
    private File withVersion() {
        File template = files.remove(PAGE);
        if (template == null) {
            throw new IllegalStateException("The console's page is not on the class path.");
        }
        String modules = files.keySet().stream()
                .filter(name -> name.endsWith(".js"))
                .map(name -> "<link rel=\"modulepreload\" href=\"/console/" + version + "/" + name + "\">")
                .collect(Collectors.joining("\n    "));
        String html = new String(template.plain, StandardCharsets.UTF_8)
                .replace("{version}", version)
                .replace("{modules}", modules);
        return File.of(PAGE, html.getBytes(StandardCharsets.UTF_8));
    }

    /** What a browser opens; it is asked for each time, since it names the release. */
    File page() {
        return page;
    }

    /** A file of this release; null: there is none, or it is another release's. */
    @Nullable
    File find(String version, String name) {
        return version.equals(this.version) ? files.get(name) : null;
    }

    private static String hash(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    private static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out) {
            {
                def.setLevel(Deflater.BEST_COMPRESSION);
            }
        }) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // memory does not fail
        }
        return out.toByteArray();
    }
}
