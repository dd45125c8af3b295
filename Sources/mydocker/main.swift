import Commands
import Glibc

exit(CommandLineTool.main())
