// Writes an API reference as the JSON argument says; prints what TypeDoc has to say, and at last the result as JSON.
import { writeReference } from '../../scripts/lib/reference.mjs';

const result = await writeReference(JSON.parse(process.argv[2]));
process.stdout.write(`\n${JSON.stringify(result)}`);
