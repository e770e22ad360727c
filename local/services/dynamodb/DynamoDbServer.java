import com.almworks.sqlite4java.SQLiteConnection;
import com.almworks.sqlite4java.SQLiteException;
import com.almworks.sqlite4java.SQLiteJob;
import java.io.File;
import java.lang.reflect.Field;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.Executors;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.handler.ContextHandler;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBRequestHandler;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBServerHandler;
import software.amazon.dynamodb.services.local.shared.access.LocalDBClient;
import software.amazon.dynamodb.services.local.shared.access.sqlite.SQLiteDBAccess;
import software.amazon.dynamodb.services.local.shared.jobs.JobsRegister;

/**
 * DynamoDB Local in one file that outlives it. Its own program listens on all addresses, waits for the disk after each statement (50 writes a second), and loads
 * what tells its maker how it is used.
 */
public final class DynamoDbServer {

  /** The file, without waiting for the disk: what is written survives the end of the process, and may not survive that of the machine. */
  private static final class Access extends SQLiteDBAccess {
    Access(File file) {
      super(file);
      queue
          .execute(
              new SQLiteJob<Void>() {
                @Override
                protected Void job(SQLiteConnection connection) throws SQLiteException {
                  connection.exec("PRAGMA synchronous=OFF");
                  return null;
                }
              })
          .complete();
    }
  }

  private DynamoDbServer() {}

  /** Its words are the address, the port and the file. */
  public static void main(String[] words) throws Exception {
    File file = new File(words[2]);
    LocalDynamoDBRequestHandler requests = new LocalDynamoDBRequestHandler(0, false, file.getParent(), true, false);
    JobsRegister jobs = new JobsRegister(Executors.newFixedThreadPool(10), false);
    // Whoever asks, in whichever Region, is answered from this one file.
    @SuppressWarnings("unchecked")
    Map<String, Object> databases = (Map<String, Object>) hidden("dbRequestHandlers").get(requests);
    databases.put((String) hidden("SHARED_DB_NAME").get(null), new LocalDBClient(new Access(file), jobs));
    Server server = new Server(new InetSocketAddress(words[0], Integer.parseInt(words[1])));
    server.setHandler(new ContextHandler(new LocalDynamoDBServerHandler(requests, null), "/"));
    Runtime.getRuntime().addShutdownHook(new Thread(requests::shutdown));
    server.start();
    server.join();
  }

  private static Field hidden(String name) throws NoSuchFieldException {
    Field field = LocalDynamoDBRequestHandler.class.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }
}
