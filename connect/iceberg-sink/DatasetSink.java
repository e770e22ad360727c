package millrace.connect;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.PartitionSpecParser;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SchemaParser;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.connect.IcebergSinkConfig;
import org.apache.iceberg.connect.IcebergSinkConnector;
import org.apache.iceberg.types.Types.NestedField;
import org.apache.iceberg.util.JsonUtil;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.connect.errors.ConnectException;

/**
 * Iceberg's sink for one dataset: before a task writes, it makes the table that the pipeline declares, or adds the columns that were declared
 * since. Iceberg's own way would make it of the first record.
 */
public final class DatasetSink extends IcebergSinkConnector {
    /** Settings of the dataset: where it lies, its name in the catalog, and the rest in Iceberg's own JSON. */
    private static final String DATASET = "millrace.dataset.";

    private static final String CATALOG = "iceberg.catalog.";
    private static final String HADOOP = "iceberg.hadoop.";

    @Override
    public ConfigDef config() {
        ConfigDef all = new ConfigDef(IcebergSinkConfig.CONFIG_DEF);
        Map.of("location", "Where it lies", "database", "Its database in the Glue catalog", "table", "Its name there", "schema", "Its columns",
                        "partition-spec", "How its files are divided", "properties", "Its properties")
                .forEach((name, told) -> all.define(DATASET + name, Type.STRING, Importance.HIGH, told));
        return all;
    }

    @Override
    public void start(Map<String, String> told) {
        Map<String, String> settings = new HashMap<>(told);
        // Where a machine has no Glue catalog, its worker says which it has, and where S3 is.
        System.getProperties().forEach((name, value) -> {
            if (name.toString().startsWith(CATALOG) || name.toString().startsWith(HADOOP)) settings.put(name.toString(), value.toString());
        });
        Map<String, String> dataset = below(DATASET, told);
        TableIdentifier name = named(dataset, settings);
        settings.put("iceberg.tables", name.toString());
        Configuration hadoop = new Configuration();
        below(HADOOP, settings).forEach(hadoop::set);
        Catalog catalog = CatalogUtil.buildIcebergCatalog("datasets", below(CATALOG, settings), hadoop);
        try {
            prepare(catalog, name, dataset, isByPlace(settings) ? null : dataset.get("location"));
        } finally {
            closeIfItCan(catalog);
        }
        super.start(settings);
    }

    /** The table's name in its catalog. One that knows tables by where they lie finds it at the end of its address. */
    private static TableIdentifier named(Map<String, String> dataset, Map<String, String> settings) {
        if (!isByPlace(settings)) return TableIdentifier.of(dataset.get("database"), dataset.get("table"));
        String[] parts = dataset.get("location").split("/");
        int from = parts.length - 3;
        settings.put(CATALOG + "warehouse", Stream.of(parts).limit(from).collect(Collectors.joining("/")));
        return TableIdentifier.of(parts[from], parts[from + 1], parts[from + 2]);
    }

    private static void closeIfItCan(Catalog catalog) {
        if (!(catalog instanceof Closeable open)) return;
        try {
            open.close();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static boolean isByPlace(Map<String, String> settings) {
        return "hadoop".equals(settings.get(CATALOG + "type"));
    }

    private static Map<String, String> below(String prefix, Map<String, String> settings) {
        return settings.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(prefix))
                .collect(Collectors.toMap(entry -> entry.getKey().substring(prefix.length()), Map.Entry::getValue));
    }

    private static void prepare(Catalog catalog, TableIdentifier name, Map<String, String> dataset, String location) {
        Schema schema = SchemaParser.fromJson(dataset.get("schema"));
        PartitionSpec division = PartitionSpecParser.fromJson(schema, dataset.get("partition-spec"));
        Map<String, String> properties = new HashMap<>();
        JsonNode told = JsonUtil.parse(dataset.get("properties"), node -> node);
        told.fields().forEachRemaining(one -> properties.put(one.getKey(), one.getValue().asText()));
        if (!catalog.tableExists(name)) {
            catalog.buildTable(name, schema).withPartitionSpec(division).withLocation(location).withProperties(properties).create();
            return;
        }
        Table table = catalog.loadTable(name);
        refuseOther(table, schema, division, name);
        // Columns keep their ids; those that are declared no more stay, and are null from here on.
        table.updateSchema().unionByNameWith(schema).commit();
        if (!table.properties().entrySet().containsAll(properties.entrySet())) {
            var changed = table.updateProperties();
            properties.forEach(changed::set);
            changed.commit();
        }
    }

    private static void refuseOther(Table table, Schema schema, PartitionSpec division, TableIdentifier name) {
        for (NestedField column : schema.columns()) {
            NestedField known = table.schema().findField(column.name());
            if (known == null || known.type().equals(column.type())) continue;
            throw new ConnectException("Column " + column.name() + " of table " + name + " is " + known.type() + ", and " + column.type()
                    + " in its schema. A column keeps its type: declare one of another name, or another dataset.");
        }
        List<String> was = divisions(table.spec());
        List<String> is = divisions(division);
        if (was.equals(is)) return;
        throw new ConnectException("The files of table " + name + " are divided by " + was + ", and in its declaration by " + is
                + ". That stays as it is: declare it as it was, or another dataset.");
    }

    private static List<String> divisions(PartitionSpec spec) {
        return spec.fields().stream().map(field -> field.transform() + "(" + spec.schema().findColumnName(field.sourceId()) + ")").toList();
    }
}
